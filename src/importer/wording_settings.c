/* What is wrong with a setting, or with how a file was sent.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "importer/wording_priv.h"

const struct wording_pair wording_setting_sentence[] = {
    {"use true or false", "укажите true или false"},
    {"use csv, xlsx or jsonl", "укажите csv, xlsx или jsonl"},
    {"use one ASCII character, or comma, semicolon, tab, pipe",
     "укажите один знак ASCII или слово comma, semicolon, tab, pipe"},
    {"the delimiter must be another character than the quote",
     "разделитель и кавычка должны быть разными знаками"},
    {"use auto or manual", "укажите auto или manual"},
    {"use go_on or refuse", "укажите go_on или refuse"},
    {"use false or true", "укажите true или false"},
    {"use one of {}", "укажите одно из: {}"},
    {"use a JSON object of headers and what they become, for example {}",
     "укажите объект JSON: заголовки и чем они станут, например {}"},
    {"use 1 to 255 characters", "укажите от 1 до 255 знаков"},
    {"use a number from 1", "укажите число от 1"},
    {"use a number of days from 1 to {}", "укажите число дней от 1 до {}"},
    {"is about one file, and cannot be a default of all",
     "относится к одному файлу и не может действовать для всех"},
    {"there is no event '{}'; use {}", "события «{}» нет; есть {}"},
    {"a webhook's address begins with https://", "адрес вебхука начинается с https://"},
    {"a webhook's address begins with https://; http:// only goes to networks that the setting "
     "webhook_allow names",
     "адрес вебхука начинается с https://; по http:// можно только в сети, которые названы в "
     "настройке webhook_allow"},
    {"a webhook's address has at most {} bytes", "в адресе вебхука не больше {} байт"},
    {"a webhook's address is ASCII without blanks: write other characters of its path as %XX and "
     "of its host as xn--",
     "адрес вебхука пишется знаками ASCII без пробелов: прочие знаки пути как %XX, имени узла как "
     "xn--"},
    {"a webhook's address holds no user and password: the signature tells who is asking",
     "в адресе вебхука не бывает имени и пароля: кто пишет, видно по подписи"},
    {"a webhook's address needs a host", "в адресе вебхука нет имени узла"},
    {"a webhook's address has no #", "в адресе вебхука не бывает #"},
    {"there is no setting '{}'", "настройки «{}» нет"},
    {"there is no rule '{}'; use {}", "правила «{}» нет; есть {}"},
    {"use a list of repairs, for example {}", "укажите список исправлений, например {}"},
    {"the rule {} needs a \"value\"", "правилу {} нужно «value»"},
    {"the rule {} takes no \"value\"", "правилу {} «value» не нужно"},
    {"the rule {} needs a length from 1 to {} as its \"value\"",
     "правилу {} нужна длина от 1 до {} в «value»"},
    {"there may be {} repairs", "исправлений может быть не больше {}"},
    {"use COLUMN=RULE, for example {}", "укажите КОЛОНКА=ПРАВИЛО, например {}"},
    {"there are two files: send one in a request",
     "в запросе два файла: пришлите их двумя запросами"},
    {"the field '{}' is too long", "поле «{}» слишком длинное"},
    {"the gzip data is cut off", "данные gzip обрываются"},
    {"the gzip data is damaged", "данные gzip повреждены"},
    {"it is cut off, the closing boundary is missing", "оно обрывается: нет завершающей границы"},
};
const size_t wording_setting_sentences = COUNT(wording_setting_sentence);
