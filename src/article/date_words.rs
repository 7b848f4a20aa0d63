//! The words of dates: months, weekdays, and what stands beside them, in the languages of which dates are read.

/// A month by one of its names, in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Month {
    /// 1 to 12.
    pub(super) number: u8,
    /// Whether the name is a date by itself beside a year. A short one of another language than English is not:
    /// `Out 2020` is no Portuguese October.
    pub(super) is_sure: bool,
    /// Whether the name is a weekday's too: `mar` of mardi, martes and martedì.
    pub(super) is_weekday: bool,
}

/// The names of each month: whole ones, and behind the bar short ones.
const MONTHS: [&str; 12] = [
    "january januar jänner janvier enero gennaio janeiro januari stycznia styczeń января январь jan | janv ene gen sty янв",
    "february februar feber février fevrier febrero febbraio fevereiro februari lutego luty февраля февраль feb | févr fév fevr fev lut фев февр",
    "march märz maerz mars marzo março marco maart marca marzec марта март mar | mär mrz mrt мар",
    "april avril abril aprile kwietnia kwiecień апреля апрель apr | avr abr kwi апр",
    "may mai mayo maggio maio mei maja maj мая май | mag",
    "june juni juin junio giugno junho czerwca czerwiec июня июнь jun | giu cze июн",
    "july juli juillet julio luglio julho lipca lipiec июля июль jul | juil lug lip июл",
    "august août aout agosto augustus sierpnia sierpień августа август aug | ago sie авг",
    "september septembre septiembre setiembre settembre setembro września wrzesień сентября сентябрь sep sept | set wrz сен сент",
    "october oktober octobre octubre ottobre outubro października październik октября октябрь oct | okt ott out paź окт",
    "november novembre noviembre novembro listopada listopad ноября ноябрь nov | lis ноя нояб",
    "december dezember décembre decembre diciembre dicembre dezembro grudnia grudzień декабря декабрь dec | dez déc dic gru дек",
];

/// Weekdays, whole and short.
const WEEKDAYS: &str = "monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun \
     montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag mo di mi do fr sa so \
     lundi mardi mercredi jeudi vendredi samedi dimanche lun mar mer jeu ven sam dim \
     lunes martes miércoles miercoles jueves viernes sábado sabado domingo mié jue vie sáb dom \
     lunedì martedì mercoledì giovedì venerdì sabato domenica gio sab \
     segunda-feira terça-feira quarta-feira quinta-feira sexta-feira segunda terça quarta quinta sexta seg ter qua qui sex \
     maandag dinsdag woensdag donderdag vrijdag zaterdag zondag ma wo vr za zo \
     poniedziałek wtorek środa czwartek piątek sobota niedziela pon wt śr czw pt sob ndz \
     понедельник вторник среда четверг пятница суббота воскресенье пн вт ср чт пт сб вс";

/// Small words inside a date or between a date and a time.
const LINKS: &str = "of the at on in de del d le la el den der am um il alle ore às as a à las los om op kl o godz r roku dnia \
     г года в uhr h hrs pm noon midnight";

/// Words for the day on which an article appeared.
const PUBLISHED: &str = "published posted created first date dated online print issued released publication erschienen \
     veröffentlicht erstellt datum publié paru publicado publicada pubblicato pubblicata gepubliceerd geplaatst opublikowano \
     data fecha опубликовано 公開 发布 发表于 掲載 입력";

/// Words for the day on which it was changed.
const UPDATED: &str = "updated modified last edited revised aktualisiert zuletzt geändert stand mis jour modifié actualizado \
     actualizada atualizado atualizada aggiornato aggiornata modificato bijgewerkt gewijzigd zaktualizowano обновлено 更新 수정";

/// Characters that CJK weekdays and halves of the day are written with.
const CJK_WEEKDAY: &str = "月火水木金土日曜星期一二三四五六周週요午前後上下오전후";

fn holds(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|listed| listed == word)
}

/// The month that a word in lower case names.
pub(super) fn month(word: &str) -> Option<Month> {
    MONTHS.iter().zip(1..).find_map(|(names, number)| {
        let (sure, short) = names.split_once('|').unwrap_or((names, ""));
        let is_sure = holds(sure, word);
        (is_sure || holds(short, word)).then(|| Month {
            number,
            is_sure,
            is_weekday: word == "mar",
        })
    })
}

/// Whether a word in lower case is a weekday.
pub(super) fn is_weekday(word: &str) -> bool {
    holds(WEEKDAYS, word) || word.chars().all(|c| CJK_WEEKDAY.contains(c))
}

/// Whether a word in lower case may stand inside a date and says nothing.
pub(super) fn is_link(word: &str) -> bool {
    holds(LINKS, word)
}

/// Whether a word in lower case says that the article appeared on the day that follows.
pub(super) fn is_published(word: &str) -> bool {
    holds(PUBLISHED, word)
}

/// Whether a word in lower case says that the article was changed on the day that follows.
pub(super) fn is_updated(word: &str) -> bool {
    holds(UPDATED, word)
}

/// Whether a word in lower case behind a number makes a time of it: `6 a.m.`, `10 Uhr`.
pub(super) fn is_hour(word: &str) -> bool {
    matches!(word, "am" | "pm" | "uhr" | "h" | "hrs" | "noon")
}

/// Whether clocks that show a time zone stand where dates are written month first, or day first; `None` for a
/// zone that is used in countries of both kinds.
pub(super) fn zone_is_american(zone: &str) -> Option<bool> {
    const AMERICAN: &str = "ET EST EDT CT CST CDT MT MST MDT PT PST PDT AKST AKDT HST";
    const OTHERS: &str =
        "BST CET CEST MEZ MESZ WET WEST EET EEST MSK SAST AEST AEDT ACST AWST NZST NZDT";
    match () {
        () if holds(AMERICAN, zone) => Some(true),
        () if holds(OTHERS, zone) => Some(false),
        () => None,
    }
}
