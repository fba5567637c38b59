// Where the rows of a list stand in a scroll area that cannot be as high as they are: browsers end at some 17 million
// pixels.  Small moves are followed pixel by pixel; a large one, by the scroll bar, goes to the same share of the list.

const MOST_PX = 8_000_000;

export class Virtual {
    rows = 0;
    rowPx = 1;
    viewPx = 1;
    /** The first pixel in sight, of all rows' pixels. */
    top = 0;
    #y = 0;

    /** The height of the area. */
    get heightPx(): number {
        return Math.min(this.#allPx, MOST_PX);
    }
    get #allPx(): number {
        return this.rows * this.rowPx;
    }
    get #endPx(): number {
        return Math.max(0, this.#allPx - this.viewPx);
    }
    get #endY(): number {
        return Math.max(0, this.heightPx - this.viewPx);
    }
    get isScaled(): boolean {
        return this.#allPx > MOST_PX;
    }

    /** The area was scrolled to y. */
    scrolled(y: number): void {
        const move = y - this.#y;
        if (!this.isScaled) this.top = Math.min(y, this.#endPx);
        else if (y <= 0) this.top = 0;
        else if (y >= this.#endY) this.top = this.#endPx;
        else if (Math.abs(move) <= this.viewPx)
            this.top = Math.min(this.#endPx, Math.max(0, this.top + move));
        else this.top = (y / this.#endY) * this.#endPx;
        this.#y = y;
    }

    /** Where the area has to be scrolled to for `top`; the caller does so and says what became of it to `placed`. */
    placeFor(top: number): number {
        this.top = Math.min(this.#endPx, Math.max(0, top));
        if (!this.isScaled) return this.top;
        return Math.round((this.top / this.#endPx) * this.#endY);
    }
    placed(y: number): void {
        this.#y = y;
    }
    /** After small moves the scroll bar shows another share than the rows: true when it should be put right. */
    get isOff(): boolean {
        return this.isScaled && Math.abs(this.placeFor(this.top) - this.#y) > 1;
    }

    /** How far down a row stands in the area. */
    yOf(index: number): number {
        return index * this.rowPx - this.top + this.#y;
    }
    get first(): number {
        return Math.floor(this.top / this.rowPx);
    }
    get last(): number {
        return Math.min(this.rows, Math.ceil((this.top + this.viewPx) / this.rowPx));
    }
    /** The nearest place where a row is wholly in sight. */
    topToShow(index: number): number {
        const from = index * this.rowPx;
        return from < this.top ? from : Math.max(this.top, from + this.rowPx - this.viewPx);
    }
}
