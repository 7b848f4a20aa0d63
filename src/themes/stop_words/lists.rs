//! The words themselves: which of them say nothing about what a text is about, and what they say of their neighbours.

use super::Language;

/// The small words of a language, divided by spaces, in small letters.
pub(super) struct List {
    pub(super) language: Language,
    /// What every text has whatever it is about.
    pub(super) stop: &'static str,
    /// What joins two words into one notion: `rule of law`, `trade and investment`.
    pub(super) joints: &'static str,
    /// What a noun, or an adjective before one, comes after: `the`, `without`, `every`.
    pub(super) before_nouns: &'static str,
    /// What a verb comes after: `to`, `they`, `should`.
    pub(super) before_verbs: &'static str,
    /// What an adjective comes after: `is`, `very`.
    pub(super) before_qualities: &'static str,
    /// What comes after a verb rather than a noun: `them`, `away`, and, where no comma divides them, `the`.
    pub(super) after_verbs: &'static str,
}

/// The lists. Where two languages fit a text equally well, the first counts.
pub(super) const LISTS: [List; 13] = [
    List {
        language: Language::English,
        stop: ENGLISH,
        joints: "and for of",
        before_nouns: ENGLISH_BEFORE_NOUNS,
        before_verbs: ENGLISH_BEFORE_VERBS,
        before_qualities: "am are as be became become becomes been being how is least less more most quite rather remain remains seem seems so such too very was were",
        after_verbs: "a an away back down her herself him himself his it its itself me my myself our ourselves out the their them themselves up us you your yourself",
    },
    List {
        language: Language::German,
        stop: GERMAN,
        joints: "der des für und von",
        before_nouns: "",
        before_verbs: "",
        before_qualities: "",
        after_verbs: "",
    },
    List {
        language: Language::French,
        stop: FRENCH,
        joints: "de des du et",
        before_nouns: FRENCH_BEFORE_NOUNS,
        before_verbs: FRENCH_BEFORE_VERBS,
        before_qualities: "",
        after_verbs: "",
    },
    List {
        language: Language::Spanish,
        stop: SPANISH,
        joints: "de del y",
        before_nouns: SPANISH_BEFORE_NOUNS,
        before_verbs: SPANISH_BEFORE_VERBS,
        before_qualities: "",
        after_verbs: "",
    },
    List {
        language: Language::Italian,
        stop: ITALIAN,
        joints: "dei del della di e",
        before_nouns: ITALIAN_BEFORE_NOUNS,
        before_verbs: ITALIAN_BEFORE_VERBS,
        before_qualities: "",
        after_verbs: "",
    },
    List {
        language: Language::Portuguese,
        stop: PORTUGUESE,
        joints: "da de do dos e",
        before_nouns: PORTUGUESE_BEFORE_NOUNS,
        before_verbs: PORTUGUESE_BEFORE_VERBS,
        before_qualities: "",
        after_verbs: "",
    },
    List {
        language: Language::Dutch,
        stop: DUTCH,
        joints: "en van voor",
        before_nouns: DUTCH_BEFORE_NOUNS,
        before_verbs: DUTCH_BEFORE_VERBS,
        before_qualities: "",
        after_verbs: "",
    },
    List {
        language: Language::Nordic,
        stop: NORDIC,
        joints: "av och og",
        before_nouns: "",
        before_verbs: "",
        before_qualities: "",
        after_verbs: "",
    },
    List {
        language: Language::Polish,
        stop: POLISH,
        joints: "i w",
        before_nouns: "",
        before_verbs: "",
        before_qualities: "",
        after_verbs: "",
    },
    List {
        language: Language::Russian,
        stop: RUSSIAN,
        joints: "и",
        before_nouns: "",
        before_verbs: "",
        before_qualities: "",
        after_verbs: "",
    },
    List {
        language: Language::Arabic,
        stop: ARABIC,
        joints: "",
        before_nouns: "",
        before_verbs: "",
        before_qualities: "",
        after_verbs: "",
    },
    List {
        language: Language::Turkish,
        stop: TURKISH,
        joints: "",
        before_nouns: "",
        before_verbs: "",
        before_qualities: "",
        after_verbs: "",
    },
    List {
        language: Language::Korean,
        stop: KOREAN,
        joints: "",
        before_nouns: "",
        before_verbs: "",
        before_qualities: "",
        after_verbs: "",
    },
];

/// Besides the function words, this list holds the verbs of saying and the words of date and measure with which
/// news and commentary are written throughout.
const ENGLISH: &str = "\
    a able about above according across actually add added adding adds after again against ago ahead all \
    allow allowed almost alone along already also although always am amid among amongst an and another \
    any anybody anyone anything anyway anywhere apart appear appears april are argue argued argues \
    around as aside ask asked at august away back be became because become becomes been before began \
    begin behind being believe believed believes below beside besides best better between beyond billion \
    billions both bring brought but by call called came can cannot clear clearly come comes coming \
    consider could course day days december despite did different do does doing done down dozen dozens \
    dr during each earlier early easier easily easy eight either else end enough especially etc even \
    eventually ever every everyone everything exactly example expect expected fact far february few \
    finally find first five following for former found four frequently friday from full further gave \
    generally get gets getting give given gives giving go goes going gone good got great had half happen \
    happened happens hardly has have having he help hence her here hers herself highly him himself his \
    how however hundred hundreds i if important in including increasingly indeed instance instead into \
    involved is it its itself january july june just keep kept kind knew know known knows large last \
    late later latest latter least less let like likely little long longer look looked looking lot lots \
    made mainly major make makes making many march may maybe me mean means meant meanwhile merely might \
    million millions mine moment monday month months more moreover most mostly mr mrs ms much must my \
    myself near nearly need needs neither never nevertheless next nine no nobody non none nonetheless \
    nor not nothing november now nowhere number october of off often ok okay on once one ones only onto \
    or other others otherwise ought our ours ourselves out outside over own part particular particularly \
    past per percent percentage perhaps place please point possible previous previously probably put \
    quickly quite rather really reason reasons recent recently regarding remain remained remains result \
    results run running said same saturday saw say saying says see seek seem seemed seems seen september \
    set seven several shall she should show shown shows similar simple simply since sir six so some \
    somebody someone something sometimes somewhere soon start started still such suggest suggests sunday \
    sure take taken takes taking tell ten tens than thank thanks that the their theirs them themselves \
    then there thereby therefore these they thing things think this those though thought thousand \
    thousands three through throughout thursday thus time times to today together told too took total \
    toward towards tried trillion trillions true truly try trying tuesday turn turned two under \
    understand unless unlike until up upon us use used using usually various very via want wanted wants \
    was way ways we wednesday week weeks well went were what whatever when whenever where whereas \
    whether which while who whoever whole whom whose why will with within without word words would \
    written wrote year years yes yesterday yet you your yours yourself yourselves";

const ENGLISH_BEFORE_NOUNS: &str = "\
    a about across after against among an another any at before behind between beyond by during each \
    eight every few first five for four from his in into its last many my next nine no of on our over \
    per second seven several six some ten than that the their these this those three through two under \
    via with without your";

const ENGLISH_BEFORE_VERBS: &str = "\
    can can't cannot could couldn't did didn't do does doesn't don't had has have having he him i it let \
    may might must never not shall she should shouldn't them they to us we who will won't would wouldn't \
    you";

/// Inflected forms included.
const GERMAN: &str = "\
    ab aber alle allem allen aller alles als also alten am an ander andere anderem anderen anderer \
    anderes auch auf aus bei beim bereits bevor bin bis bist da dabei dadurch dafür dagegen daher damit \
    danach dann daran darauf daraus darf darin darum darüber das dass davon dazu daß dein deine dem den \
    denen denn dennoch der deren des deshalb dessen die dies diese dieselbe diesem diesen dieser dieses \
    doch dort du durch dürfen eben ein eine einem einen einer eines einfach einige einigen einiger \
    einmal er erst es etwa etwas euch euer für gab ganz gar gegen gegenüber gehen geht gerade gewesen \
    gibt ging gut hab habe haben hat hatte hatten heute hier hin hinter hätte hätten ich ihm ihn ihnen \
    ihr ihre ihrem ihren ihrer ihres im immer in indem ins ist ja jahr jahre jahren jede jedem jeden \
    jeder jedes jedoch jene jenen jener jetzt kann kaum kein keine keinem keinen keiner können könnte \
    könnten lassen machen macht man manche mehr mein meine mit muss musste müssen nach nachdem neben \
    neue neuen neuer neues nicht nichts nie noch nun nur ob oder ohne sagt sagte schon sehr sei seien \
    sein seine seinem seinen seiner seines seit selbst sich sie sind so sogar solche solchen soll sollen \
    sollte sollten sondern sonst soweit sowie sowohl statt um und uns unser unsere unserem unseren unter \
    viel viele vielen vom von vor war waren warum was wegen weil weiter welche welchem welchen welcher \
    welches wenig wenn wer werde werden wie wieder will wir wird wo wohl wollen wollte worden wurde \
    wurden während würde würden zu zum zur zwar zwei zwischen über";

/// Elided articles (`l'`, `d'`) are cut off before a word is looked up.
const FRENCH: &str = "\
    ai aient ainsi alors an année années ans après assez au aucun aucune aujourd'hui auquel aura aurait \
    aussi autre autres aux avaient avait avant avec avez avoir avons ayant beaucoup bien c'est car ce \
    ceci cela celle celles celui cependant certain certaine certains ces cet cette ceux chaque chez ci \
    comme comment contre d dans de depuis des desquels deux devant devrait doit doivent donc dont du \
    durant déjà elle elles en encore enfin entre es est et eu eux faire fait faut fois font furent fut \
    grand grande hors ici il ils jamais je jusqu jusque la laquelle le lequel les lesquelles lesquels \
    leur leurs lors lorsque lui là ma mais malgré me mes moi moins mon même mêmes n'est ne ni non nos \
    notamment notre nous nouveau on ont ou où par parce parfois parmi pas pendant peu peut peut-être \
    peuvent plus plusieurs plutôt pour pourquoi pourrait pourtant presque près puis puisque qu qu'il \
    quand que quel quelle quelles quelque quelques quels qui quoi sa sans sauf se selon sera serait ses \
    seulement si sinon soit sommes son sont sous souvent sur surtout ta tandis tant te tel telle telles \
    tels tes toi ton toujours tous tout toute toutes trop très tu un une va vers voici voilà vont vos \
    votre vous y étaient était étant été être";

const FRENCH_BEFORE_NOUNS: &str = "\
    au aucun aucune aux ce ces cet cette chaque dans de des du en la le les leur leurs ma mes mon nos \
    notre par pour sa sans ses son sous sur un une vers";

const FRENCH_BEFORE_VERBS: &str = "\
    elle elles il ils je ne nous on se tu vous";

const SPANISH: &str = "\
    a al algo alguna algunas alguno algunos algún ante antes aquel aquella aquellas aquello aquellos \
    aquí así aunque año años aún bajo bien cada casi como con contra cosas cual cuales cualquier cuando \
    cuanto cuatro cuya cuyo cómo de debe deben debido decir del desde después donde dos durante e el \
    ella ellas ello ellos embargo en entonces entre era eran es esa esas ese eso esos esta estar estas \
    este esto estos está están fin fue fueron gran grandes ha haber había habían hace hacer hacia han \
    hasta hay he hemos hoy incluso la las le les lo los luego me mediante menos mi mientras mis misma \
    mismas mismo mismos mucha muchas mucho muchos muy más nada ni ninguna ningún no nos nosotros nuestra \
    nuestro nuestros o otra otras otro otros para pero poco pocos podría podrían por porque puede pueden \
    pues que quien quienes quién qué se sea sean según ser será sería si sido siempre sin sino sobre \
    solo son su sus sí sólo tal también tampoco tan tanta tanto te tendrá tenemos tener tenía tiene \
    tienen toda todas todavía todo todos tras tres tu un una unas uno unos usted vez y ya yo él";

const SPANISH_BEFORE_NOUNS: &str = "\
    al cada con de del el en esa esas ese esos esta estas este estos la las los mi mis nuestra nuestro \
    para por sin sobre su sus un una unas unos";

const SPANISH_BEFORE_VERBS: &str = "\
    debe deben ha había han le les lo me no nos puede pueden se te";

/// Elided articles (`dell'`, `un'`) are cut off before a word is looked up.
const ITALIAN: &str = "\
    a abbiamo ad ai al alla alle allo altra altre altri altro anche ancora anni anno appena avere aveva \
    avevano ben bene c che chi ci circa ciò col come con contro cosa cosi così cui da dai dal dalla \
    dalle dallo degli dei del della delle dello dentro deve devono di dopo dove dovrebbe due durante e \
    ecco ed era erano essere fa fanno fare fatto fino fra fu già gli ha hanno ho i il in infatti invece \
    io l la le lei li lo loro lui ma mai mentre mi mia mio modo molta molte molti molto ne negli nei nel \
    nella nelle nello nessun no noi non nostra nostro o oggi ogni oltre ora perché però più poco poi \
    possono prima proprio può qualche quale quali quando quanto quasi quella quelle quelli quello questa \
    queste questi questo qui quindi se secondo sempre senza si sia siamo solo sono sopra sotto sta stata \
    state stati stato su sua sue sui sul sulla sulle suo suoi tra troppo tutta tutte tutti tutto un una \
    uno va verso vi viene voi volta è";

const ITALIAN_BEFORE_NOUNS: &str = "\
    ai al alla alle allo con dai dal dalla degli dei del della delle dello di gli il in la le lo nei nel \
    nella nelle ogni per questa questo senza sul sulla un una uno";

const ITALIAN_BEFORE_VERBS: &str = "\
    ci deve devono ha hanno mi non possono può si ti";

const PORTUGUESE: &str = "\
    a ainda além ano anos ao aos apenas após aquela aquele aqueles aquilo as assim até bem cada com como \
    contra da das de dela dele deles depois desde dessa desse desta deste deve devem dia disse diz do \
    dois dos duas durante e ela elas ele eles em embora enquanto entanto entre então era eram essa essas \
    esse esses esta estas estava este estes está estão eu fazer foi foram forma grande há isso isto já \
    la lhe mais mas me meio melhor menos mesma mesmo meu minha muita muito muitos na nada nas nem nenhum \
    no nos nossa nosso num numa não nós o onde ontem os ou outra outras outro outros para parte pela \
    pelas pelo pelos pode podem pois por porque portanto pouco qual qualquer quando quanto quase que \
    quem se segundo seja sem sempre ser seria será seu seus sido sob sobre sua suas são só também tanto \
    te tem ter teve tinha toda todas todo todos três tudo têm um uma umas uns vai vez você vão à às é";

const PORTUGUESE_BEFORE_NOUNS: &str = "\
    a ao aos as cada com da das de do dos em essa esse esta este na nas no nos o os para pela pelo por \
    sem seu seus sobre sua suas um uma";

const PORTUGUESE_BEFORE_VERBS: &str = "\
    deve devem me nos não pode podem se te tem";

const DUTCH: &str = "\
    aan achter al alle alleen alles als altijd andere anders ben bij bijna bijvoorbeeld binnen daar \
    daarom dan dat de deze die dit doen door dus echt echter een eens eerste eigen elk elke en enkele er \
    erg ervan even gaan gaat geen gewoon goed had hadden hebben heeft heel hem hen het hier hij hoe hun \
    iedereen iemand iets ik in is ja jaar jaren je jij kan komen komt kon kunnen laat langs later maar \
    maken men met mij mijn minder moet moeten mogen na naar naast net niet niets nieuwe nog nooit nu of \
    om omdat onder ons onze ook op over paar per staan staat steeds te tegen terwijl toch toen tot \
    tussen twee u uit uw vaak van vanaf vandaag veel verder vervolgens volgens voor vooral waar waarom \
    wanneer want waren was wat weer wel werd werden wie wij wil willen worden wordt zal ze zeer zegt zei \
    zelf zich zij zijn zo zoals zonder zou zouden";

const DUTCH_BEFORE_NOUNS: &str = "\
    dat de deze die dit door een elke geen het hun in met onze op over tegen van voor zijn zonder";

const DUTCH_BEFORE_VERBS: &str = "\
    hij ik kan kunnen moet moeten niet te we wij wil zal ze zij";

/// Swedish, Danish and Norwegian, which share so much that a paragraph is told from others best by all three together.
const NORDIC: &str = "\
    alla alle allt andet andra andre annen annet at att av bara bare begge bland blandt ble blei blev \
    bli blir blitt bliver blivit både børe da de deg dem den denna denne der dere deres des dessa desse \
    det detta dette dig din disse du där då efter eftersom egen ein eit eller en enn er era et ett etter \
    fick fik finns fler flera flere for fra fram från få får fått för först før gang gjort gjør gjøre gå \
    går gör göra ha hadde hade han hans har hen henne hennes her hos hun hur hva hvad hver hvis hvor \
    hvordan hvorfor hän här i idag igen igjen ikke ikkje ingen inn innan inom inte jag jeg kan kom komma \
    kommer kun kunde kunne man mange med meg mellan mellem mellom men mer mera mere mest mig min mindre \
    mod mot mycket må många måste måtte ned nei nej nemlig ni noe noen nogen nogle nu när nå någon något \
    några når og også om op opp oss over på redan sade sagt samma samme seg selv ser sidan siden sier \
    sig siger sin sina sine sitt ska skal skall skriver skulle slik som står säger så sådan thi tid til \
    till to trots två under upp ut utan uten vad var vara varit ved vi vid vil vilka vill ville vore vår \
    være vært än ännu är även år över";

const POLISH: &str = "\
    a aby albo ale ani aż bardzo bez bo by być był była było były bądź będzie będą ci co coraz czy czyli \
    często dla dlatego do dwa dwie gdy gdyż gdzie go i ich ile im innych iż ja jak jakie jako jednak \
    jednym jedną jego jej jest jeszcze jeśli jeżeli już każdy kiedy kilka kto która które którego której \
    który których którym którzy lat lub ma mają mimo między mnie mogą może można muszą my na nad nam nas \
    nasz nawet nic nich nie niego niej nim niż no o obecnie od on ona one oni oraz po pod podczas ponad \
    ponieważ poza pozwala przed przede przez przy raz rok roku się swoich swoje swojej swój są ta tak \
    takie także tam te tego tej ten też to tu tych tylko tym tymczasem tys tą tę u w wciąż we według wie \
    wiele wielu więc wszyscy wszystkich wszystko właśnie wśród z za zawsze zaś ze został została zostały \
    że żeby";

const RUSSIAN: &str = "\
    а августа апреля без более больше бы был была были было быть в вам вас ваш весь во вот время все \
    всего всем всех всю вся всё вы где говорит год года году да даже два декабря для до его ее ей ему \
    если есть еще ещё её же за заявил здесь и из или им именно иначе их июля июня к как какой когда \
    которая которого которое которой которую которые который которым которых кто лет ли либо лишь марта \
    мая между меня мне много могут может можно мой мы на над надо нам нас наш не него нее ней нельзя \
    нему несколько нет ни них но ноября ну нужно о об один одна однако одной октября он она они оно от \
    очень по под пока после потому почти поэтому при про раз с сам свое своего своей своим своих свой \
    своё себе себя сегодня сейчас сентября сказал со так такая также такие такой там тебя тем теперь то \
    тогда того тоже той только том тот три ту ты у уже февраля хотя чего чем через что чтобы эта эти \
    этим этих это этого этой этом этому этот эту я является январь января";

/// With the conjunction that is written as one with the word after it, where that is common.
const ARABIC: &str = "\
    أحد أضاف أكثر أكد أما أمام أمس أن أنا أنت أو أي أيضا أين إذا إلا إلى إليه إن احد اذا اكثر الآن الا \
    الان التى التي الذى الذي الذين اللذين الى اليوم اما امام امس ان انا او اي ايضا اين بأن بان بعد بعض \
    بل به بها بين بينما تحت تكون تلك تم ثم جميع حتى حول حيث خلال دون ذات ذلك سنة سواء سوف ضد ضمن عام عبر \
    على عليه عليها عن عند عندما غير فإن فان فقد فوق فى في فيه فيها قال قالت قبل قد كان كانت كانوا كذلك \
    كل كما كيف لأن لا لان لدى لقد لكن لم لماذا لن له لها لهم ليس ليست ما متى مثل مع مما من منذ منه منها \
    نحن نحو نفسه نفسها هذا هذه هم هما هنا هناك هو هي وأضاف وأكد وأن وإلى وإن واحد واضاف واكد والى وان \
    وذلك وراء وسط وعلى وفى وفي وقال وقالت وقد وكان وكانت ولا ولكن ولم وما ومن وهذا وهذه وهو وهي يتم يكون \
    يوم";

const TURKISH: &str = "\
    acaba ama ancak arada artık aslında ayrıca az bana bazı belki ben beni benim beri bile bir biri \
    birkaç birlikte birçok biz bize bizim bu buna bunlar bunu bunun burada bütün da daha dahi de değil \
    diye diğer dolayı en eğer gibi göre gün ha hala hangi hatta hem henüz hep hepsi her herhangi herkes \
    hiç hiçbir ile ilgili ise için içinde işte kadar karşı kendi kendini ki kim kimse mi mu mü mı nasıl \
    ne neden nedenle nerede niye o olan olarak oldu olduğu olduğunu olmak olması olsa olup olur on ona \
    onlar onları onların onu onun ortaya oysa pek rağmen sadece sanki sen senin siz sizin son sonra \
    tarafından tüm var ve veya ya yani yapılan yeni yer yine yok yıl zaman zaten çok çünkü öyle üzere \
    üzerinde şey şimdi şu şunu";

/// Words that stand alone; particles are written as one with the word before them.
const KOREAN: &str = "\
    가장 같은 같이 것 것으로 것은 것을 것이 것이다 경우 그 그래서 그러나 그런 그리고 나는 내 너무 다른 다시 대한 대해 더 되는 된 된다 될 등 따라 따르면 때 때문에 또 또는 \
    많은 매우 모든 못 및 바로 수 아니라 안 어떤 어제 없는 없다 오늘 올해 우리 위한 위해 의해 이 이다 이런 이번 입니다 있고 있는 있다 있습니다 있어 있었다 잘 저 정말 제가 \
    중 지금 지난 통해 하고 하는 하지만 한 한다 할 함께 합니다 해 했다";

/// Chinese and Japanese words in ideographs that every text has, simplified and traditional.
pub(super) const IDEOGRAPHS: &str = "\
    一下 一个 一些 一個 一定 一样 一樣 一直 一种 一種 下来 不会 不可 不同 不是 不會 不能 不要 不过 不過 为了 之前 之后 之後 今回 今天 今年 今日 以上 以下 以及 來說 关于 \
    其中 其他 出來 出来 去年 只是 只有 可以 可是 可能 同时 同時 因为 因為 場合 大家 如果 对于 對於 就会 就是 就會 已經 已经 年月 应该 开始 当时 很多 必要 必須 必须 應該 \
    成为 成為 所以 所有 指出 时候 时间 明天 昨天 時候 時間 最后 最後 月日 有些 有人 来说 為了 然而 由于 由於 當時 目前 直接 看到 知道 自分 自己 虽然 表示 覺得 觉得 記者 \
    認為 认为 记者 起來 起来 这样 进行 通过 通過 進行 那样 開始 關於 需要 非常";

/// Ideographs that stand in hardly any word that says what a text is about.
pub(super) const PARTICLES: &str = "的了是在们們这這那吗嗎呢吧啊我你妳他她它您很与與及或而但让讓给給着之此每又还還没沒些么麼什哪谁誰怎嘛啦哦呀则則却卻并並把个個";
