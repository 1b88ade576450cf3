"""Invented names: people, places and things from seeded syllable tables in several styles.

* A name belongs to exactly one split, by a checksum of its text: 60% train, 20% dev, 20% test.
* Styles differ so that names tokenise in varied ways; ordinary English names are mixed in for people.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from bdh_workbench.training.synthetic_lexicon import FORBIDDEN_ANSWERS, FORBIDDEN_NAMES

SPLITS: tuple[str, ...] = ("train", "dev", "test")

_STYLES: tuple[tuple[str, str, str], ...] = (
    # onset, middle, ending (space-separated; '-' is the empty string)
    (
        "Ul Tor Sig Hal Bran Skal Grim As Rag Ein Fro Hjor Knu Vig Ost Thor Dag Sten Arn Bjor",
        "- - ve la ri ga de",
        "mund vik dal stad heim by nes gard holm fell ra dis nar sund borg",
    ),
    (
        "Cor Val Lu Ser Mar Fla Aur Cas Dom Pul Oct Vir Sil Ter Cal Bel Gra Max Ner Pon",
        "- - ti li vi na ri ce",
        "ia ium ora ena inus ella anto entia ara osa atus ona erra acum alba",
    ),
    (
        "Bren Cael Dun Fionn Glen Llan Maer Niamh Kil Rhos Tre Pen Gwyn Aber Con Mor Tul Cu Bal Ard",
        "- - a o na wen ri",
        "agh wyn dor mire loch more gan eth ellan ryd avon lish ven kerry tyn",
    ),
    (
        "Bo Dra Zel Kra Mi Vla Sta Pro Rado Ko Gor Vol Zbi Lu Niko Ya Sve Do Tre Bili",
        "- - mi sla ve go ra do",
        "grad vets mir nik ovo sk ina ets rov itsa lava nov chka linsk var",
    ),
    (
        "Ka Mi Ha Sho To Ya Su Na Ki Ro Ta Hi Ma Ko Sa Yu Mo Ri Chi Fu",
        "- ra shi ko na zu mi ta ru",
        "moto ka shima wa to ki zuka no ri sawa ya ne to mura ke",
    ),
    (
        "Al Za Qa Sha Fa Ib Ra Ha Ba Jal Naf Kha Sul Ta Ma Ram Dar Yas Mir Zu",
        "- ri ba di la na hi ra za",
        "ran mir din zah bar had far im iya shan dad eed oun ul qar",
    ),
    (
        "Ha Lo Ma Na Tu Va Pu Ke Mo Ra Fa Ti Ho Nu Wa Le Ao Ua Pi Ko",
        "- lu na ma ki le va to ha mo",
        "loa nui ka ti lani pele mau ia roa hina teo vai keke noa pua",
    ),
    (
        "Xan Gro Thra Vek Zor Mul Skri Ur Krag Drath Yx Ghar Nor Brul Ock Tzil Pha Ith Queb Vash",
        "- - a u o ak ir",
        "dar goth zul ix karn th moor gash nak oth une rax im ezz uun",
    ),
    (
        "Bel Cher Mont Beau La Dor Ver Char Fon Mar Gui Ros Sau Vil Lan Or Clair Du Tour Fleu",
        "- - ne ri ti go la",
        "vaux mont ville lac ette eaux bourg court ac illon elle ont oise ard ise",
    ),
    (
        "Ek Ile Oba Ade Nko Chi Ogu Ama Bo Ku Ndo Mba Tshi Zam Wa Kwe Lu Ika Oto Efu",
        "- ku la di ba re so no",
        "nde wale bo ko aru lu gwe nga moyo ti zi yo kumi tu be",
    ),
    (
        "Tla Xo Quet Izta Mix Te Cha Huo Pax Coa Nau Oax Tez Chi Mal Yo Ce Po Tol Ahu",
        "- - co ca li te na",
        "tlan pan tepec lco yotl can huac mil zin oca tli caltepe pa zolco lli",
    ),
)
_COMPOUND_HEADS = """Ash Thorn Stone Black Fen Bram Hazel Otter Heather Wether Mill Long Apple Raven Salt Ember
    Thistle Cold Hollow Bright Amber Copper Frost Winter Oak Lark Swan Merry Dun Har Elder Fox Kettle Lamb Nettle
    Plover Reed Sedge Tumble Whistle Yarrow Barley Cinder Drift Fallow Gorse Iron Kestrel Linden Owl Larch""".split()
_COMPOUND_TAILS = """ford ton wick bury ley ham mere combe field dale shaw worth stead gate brook well croft
    bridge cliff moor mouth haven hurst thorpe beck water minster bourne""".split()
_FEMALE = """Alice Margaret Clara Edith Ruth Harriet Nora Agnes Beatrice Judith Martha Eleanor Rosa Ingrid Helena
    Lucia Sofia Miriam Tamara Priya Amina Leila Yuki Mei Fatima Olga Irina Greta Astrid Bridget Maeve Catherine Joan
    Frances Dorothy Hannah Esther Louisa Paula Teresa Vera Wanda Zelda Phyllis Ursula Naomi Celia Flora Gwen""".split()
_MALE = """Arthur George Henry Walter Thomas Edmund Hugo Felix Oscar Peter Samuel Victor Simon Martin Ivan Boris
    Dmitri Rafael Diego Carlos Ahmed Omar Hassan Kenji Hiro Wei Ravi Arjun Lars Erik Sven Magnus Patrick Declan Callum
    Robert Charles Gilbert Norman Ralph Stanley Theodore Wilfred Jonas Klaus Matthias Pierre Marcel Edgar""".split()
_SURNAMES = """Hartley Morgan Fletcher Barlow Whitfield Osborne Pritchard Lindqvist Moreau Delgado Okafor Tanaka
    Petrov Novak Kowalski Haddad Rahman Mehta Larsen Bergström Fischer Weber Rossi Conti Murphy Doyle Campbell
    Sinclair Ferguson Wakefield Thackeray Ellwood Marsh Crane Holloway Pemberton Ashworth Stroud Carver Dalton Ridley
    Nash Mercer Abbott Chandler Rowley Sutton Tilbury Underhill Vaughan Winslow Yates Ackroyd Bexley Cromwell Denholm
    Everard Garrick Hobbs Ibsen Jarvis Kendrick Lovell Maddox Nolan Orchard Pike Quigley Rennie Sykes Trask Upton
    Verney Whitlock""".split()
_ADJECTIVES = """grey silent golden crooked wandering northern spotted midnight hollow iron crimson drowsy
    laughing salt velvet amber ringed lesser greater marsh river thorn cloud ember frost mountain copper painted
    striped horned long-tailed short-eared whistling dancing tufted pale dusky emerald banded creeping burrowing
    woolly ghost mirror coral paper slate stone sand storm autumn winter summer hooded masked barking""".split()
_BEASTS = """lark otter fox toad moth hare crab lizard badger shrew newt owl crane gull hawk mouse vole bat
    squirrel goat deer snake frog eel trout perch pike shark ray slug worm wasp weevil cricket spider tern plover rail
    jay wren thrush stork duck goose pheasant quail ferret marten lynx boar gecko tapir sloth porcupine""".split()
_BLOOMS = """lily thistle fern nettle poppy orchid rose ivy reed sedge clover vine bramble willow cress mallow
    iris sage mint berry gourd bean root cap grass palm cactus laurel heath daisy violet bellflower plum fig pear
    melon""".split()
_NOUNS = """Anchor Spoon Ladder Crown Kettle Mirror Hammer Feather Candle Orchard Garden Winter Harbour Bell Wheel
    Shadow Thimble Raven Petrel Heron Otter Stag Sparrow Falcon Dolphin Albatross Comet Star Moon Tide Wave Storm
    Meadow Sickle Button Pilgrim Widow Miller Shepherd Clockmaker Gardener Ferryman Locksmith Tailor Beggar Duchess
    Baker Cartographer Apprentice Umbrella Door Staircase Bridge Chimney Window""".split()
_QUALITIES = """Brave Silent Golden Crimson Merry Patient Northern Swift Gentle Stubborn Grey Proud Second Last
    Lucky Restless Wandering Broken Burning Forgotten Seventh Distant Hidden Laughing Sleepless Empty Green Scarlet
    Jealous Crooked White Copper Iron Ivory Amber Velvet""".split()


@dataclass(frozen=True)
class Entity:
    """An invented person, place or thing: its full name, its short name and, for people, a gender."""

    kind: str
    name: str
    short: str
    gender: str = ""

    def pronouns(self) -> dict[str, str]:
        """Pronouns that agree with the entity."""
        he, his, him = {"f": ("she", "her", "her"), "m": ("he", "his", "him")}.get(self.gender, ("it", "its", "it"))
        return {"he": he, "his": his, "him": him, "He": he.capitalize(), "His": his.capitalize()}


def split_of(text: str) -> str:
    """The one split that a name or a relation belongs to: 60% train, 20% dev, 20% test."""
    return ("train", "train", "train", "dev", "test")[zlib.crc32(text.lower().encode("utf-8")) % 5]


def is_reserved(name: str) -> bool:
    """Whether a name is kept for subjects about which nothing is ever written: one name in eight."""
    return zlib.crc32(f"reserved:{name.lower()}".encode()) % 8 == 0


def _allowed(name: str) -> bool:
    low = name.lower()
    return not any(word in low for word in FORBIDDEN_NAMES) and not set(low.split()) & FORBIDDEN_ANSWERS


def _until(rng: random.Random, split: str, make: Callable[[random.Random], str]) -> str:
    """Draw from `make` until the text is allowed and belongs to `split`."""
    while True:
        text = make(rng)
        if split_of(text) == split and _allowed(text):
            return text


def _root(rng: random.Random) -> str:
    onset, middle, ending = rng.choice(_STYLES)
    parts = [rng.choice(onset.split()), rng.choice(middle.split()), rng.choice(ending.split())]
    return "".join(part for part in parts if part != "-")


def _compound(rng: random.Random) -> str:
    return rng.choice(_COMPOUND_HEADS) + rng.choice(_COMPOUND_TAILS)


def _coined(rng: random.Random) -> str:
    """A free consonant-vowel string, for names like no other."""
    text = "".join(rng.choice("bcdfghjklmnprstvwz") + rng.choice("aeiou") for _ in range(rng.choice((2, 2, 3))))
    return (text + rng.choice(("", "", "n", "r", "l", "s", "th", "x"))).capitalize()


def _place_name(rng: random.Random) -> str:
    roll = rng.random()
    return _root(rng) if roll < 0.5 else _compound(rng) if roll < 0.8 else _coined(rng)


def invented(rng: random.Random, split: str) -> str:
    """One invented capitalised word of any style."""
    return _until(rng, split, _place_name)


def person(rng: random.Random, split: str) -> Entity:
    """An invented person with a first and a last name."""
    gender = rng.choice("fm")
    roll = rng.random()
    if roll < 0.6:
        pool = _FEMALE if gender == "f" else _MALE
        first = _until(rng, split, lambda r: r.choice(pool))
    else:
        first = _until(rng, split, lambda r: _root(r) if r.random() < 0.5 else _coined(r))
    roll = rng.random()
    if roll < 0.3:
        last = _until(rng, split, lambda r: r.choice(_SURNAMES))
    elif roll < 0.6:
        last = _until(rng, split, _root)
    else:
        last = _until(rng, split, lambda r: _compound(r) if r.random() < 0.6 else _coined(r))
    if last == first:
        return person(rng, split)
    if rng.random() < 0.06:
        last = rng.choice(("van ", "de ", "von ", "ibn ", "O'", "Mac")) + last
    return Entity("person", f"{first} {last}", last, gender)


def _settlement(rng: random.Random, split: str) -> str:
    """A place name, now and then with a word before it."""
    word = rng.choice(("Port", "Saint", "New", "Upper", "Little", "Great", "Old", "Fort"))
    return f"{word} {invented(rng, split)}" if rng.random() < 0.15 else invented(rng, split)


def _ship(rng: random.Random, split: str) -> str:
    roll = rng.random()
    if roll < 0.6:
        return f"{rng.choice(_QUALITIES)} {rng.choice(_NOUNS)}"
    return f"{rng.choice(('Maid', 'Star', 'Pride', 'Spirit', 'Queen'))} of {invented(rng, split)}"


def _book(rng: random.Random, split: str) -> str:
    roll = rng.random()
    if roll < 0.4:
        return f"The {rng.choice(_QUALITIES)} {rng.choice(_NOUNS)}"
    if roll < 0.7:
        return f"The {rng.choice(_NOUNS)} of {invented(rng, split)}"
    noun = rng.choice(_NOUNS)
    return f"{'An' if noun[0] in 'AEIOU' else 'A'} {noun} for {invented(rng, split)}"


def _beast(rng: random.Random, split: str) -> str:
    return f"{rng.choice(_ADJECTIVES) if rng.random() < 0.6 else invented(rng, split)} {rng.choice(_BEASTS)}"


def _bloom(rng: random.Random, split: str) -> str:
    return f"{rng.choice(_ADJECTIVES) if rng.random() < 0.6 else invented(rng, split)} {rng.choice(_BLOOMS)}"


def _machine(rng: random.Random, split: str) -> str:
    roll = rng.random()
    if roll < 0.35:
        return f"{rng.choice('ABCDEFGHKLMNPRSTVX')}{rng.choice('ABCDEFGHKLMNPRSTVX')}-{rng.randint(2, 990)}"
    if roll < 0.7:
        return f"{_coined(rng)} {rng.choice(('Two', 'Three', 'Four', 'Seven', 'Mark II', 'Prime', 'Ten'))}"
    return _coined(rng) + rng.choice(("tron", "matic", "graph", "scope", "phone", "plex"))


_SUFFIXED: dict[str, tuple[str, ...]] = {
    "guild": ("Guild", "Brotherhood", "Society", "League", "Order", "Fellowship"),
    "company": ("Mills", "Works", "and Sons", "Brothers", "Trading House", "Industries"),
    "festival": ("Fair", "Festival", "Feast", "Night", "Games"),
    "disease": ("fever", "pox", "cough", "palsy", "sickness", "rash"),
    "school": ("Academy", "College", "School", "University", "Institute"),
    "team": ("Rovers", "Wanderers", "United", "Albion", "Harriers", "Town"),
    "house": ("House", "Castle", "Hall", "Abbey", "Manor", "Palace"),
    "bridge": ("Bridge", "Viaduct", "Aqueduct"),
    "mountain": ("Peak", "Mountain", "Ridge", "Horn"),
    "forest": ("Forest", "Wood", "Jungle", "Heath"),
    "war": ("War", "Rebellion", "Siege", "Mutiny", "Uprising"),
    "treaty": ("Treaty", "Charter", "Accord", "Statute", "Peace"),
    "museum": ("Museum", "Gallery", "Archive", "Collection"),
    "tavern": ("Inn", "Tavern", "Hotel", "Café", "Arms"),
    "game": ("gambit", "whist", "ball", "chess", "rummy", "bowls"),
    "dish": ("pie", "stew", "pudding", "broth", "cake", "pancake"),
    "dance": ("waltz", "reel", "jig", "polka", "march"),
    "clock": ("Clock",),
    "railway": ("Railway", "Canal", "Line", "Tramway"),
}
_PLAIN: dict[str, Callable[[random.Random, str], str]] = {
    "ship": _ship,
    "book": _book,
    "animal": _beast,
    "plant": _bloom,
    "machine": _machine,
    "mineral": lambda rng, split: _coined(rng).lower() + rng.choice(("ite", "ine", "ium", "spar", "stone")),
    "deity": lambda rng, split: _root(rng) if rng.random() < 0.5 else _coined(rng),
    "town": _settlement,
    "island": _settlement,
    "country": invented,
    "lake": invented,
    "river": invented,
    "planet": lambda rng, split: invented(rng, split) + rng.choice(("", "", f" {rng.randint(2, 90)}", " Prime")),
    "tribe": lambda rng, split: _root(rng) if rng.random() < 0.5 else _coined(rng),
    "language": lambda rng, split: _coined(rng) + rng.choice(("ish", "ese", "ic", "ian")),
}
KINDS: tuple[str, ...] = ("person", *_PLAIN, *_SUFFIXED)
"""Every kind of entity that can be named."""


def entity(rng: random.Random, kind: str, split: str) -> Entity:
    """Draw an invented entity of a kind; its name belongs to `split` alone."""
    if kind == "person":
        return person(rng, split)
    if kind in _PLAIN:
        make = _PLAIN[kind]
        name = _until(rng, split, lambda r: make(r, split))
        return Entity(kind, name, name)
    root = invented(rng, split)
    return Entity(kind, f"{root} {rng.choice(_SUFFIXED[kind])}", root)
