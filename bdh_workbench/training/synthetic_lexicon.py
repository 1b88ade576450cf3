"""Word lists for invented facts: answers by category, and the words that may never be used.

* Every category holds words of one grammatical shape, so that any of them fits any phrasing of a relation.
* Underscores stand for spaces inside an entry.
* `ARTICLES` says which categories take 'a' or 'the' when they answer a question.
* Names and answers of the public benchmark are filtered out here, once, for everything built on these lists.
"""

from __future__ import annotations

FORBIDDEN_NAMES: tuple[str, ...] = tuple(
    "veldamar oshenti osterby quillon sarnath oram halcyon roderan greywick ombrel rusk vance hask pell kallan "
    "brennovia finch brandt quist sile tarn harl marrow ilsa aldous benedikt maren tovald odile yuri lantern "
    "quistling tarnhollow sorrows pella ormsund".split()
)
"""Lower-case proper names of the public benchmark; no invented name may contain one."""

FORBIDDEN_ANSWERS: frozenset[str] = frozenset(
    "tarnhollow compass beetles juniper glass purple harp rain peru windmill garlic snails saffron silver honey "
    "tortoise wolf canyon knight walnuts oshenti clay lanterns weavers loom bird harl desert basalt river fish moss "
    "needles".split()
)
"""Answers of the public benchmark; no answer here may be one of them."""

_RAW: dict[str, str] = {
    # Single countable things.
    "object": """teapot mirror candle bell ladder kettle whistle spoon ribbon feather button marble pebble acorn
        key coin thimble magnet hourglass telescope umbrella notebook pencil brush sponge razor comb needle_case
        locket ring spindle padlock flask corkscrew kite drum mask puppet doll dice_cup pocketknife handkerchief
        seashell walnut_shell tuning_fork thermometer candlestick inkwell snuffbox matchbox abacus trowel""",
    "tool": """hammer chisel saw sickle plough rake anvil lathe pulley crowbar file wrench bellows shovel scythe
        mallet drill clamp funnel sieve ruler pestle tongs_rack pickaxe axe awl hoe whetstone trowel spade winch jack
        plumb_line screwdriver soldering_iron crank gimlet auger""",
    "animal": """badger heron otter fox lynx stag hare falcon raven toad goose donkey camel walrus seal ferret
        pelican crow owl weasel hedgehog lizard salamander crab lobster swan magpie eagle goat ram ox mule leopard
        bear tiger panther mongoose parrot turtle frog moth spider dolphin whale porcupine beaver squirrel peacock
        rooster scorpion viper crocodile hyena jackal kestrel""",
    "building": """chapel barn mill granary brewery theatre prison library hospital observatory bakery castle
        temple tower market stable bathhouse school museum palace fountain warehouse foundry tannery forge inn cottage
        monastery orphanage lighthouse greenhouse courthouse barracks cistern dovecote customs_house bell_tower
        boathouse""",
    "feature": """waterfall cave cliff gorge valley glacier swamp geyser volcano hill meadow marsh dune lagoon
        spring ridge quarry forest orchard vineyard plateau crater fjord delta moor hollow stream pond bay ravine
        grove boulder sandbank peninsula reef hot_spring salt_flat""",
    "instrument": """flute violin trumpet lute bassoon oboe cello drum guitar banjo clarinet zither bagpipe horn
        organ accordion fiddle mandolin tuba trombone harmonica piano viola dulcimer gong tambourine xylophone piccolo
        harpsichord recorder cornet whistle lyre ukulele sitar""",
    "garment": """cloak scarf bonnet glove shawl tunic belt cap robe apron vest coat veil turban sash boot sandal
        hood jacket kilt cape collar shirt gown helmet slipper stocking waistcoat beret poncho kimono mitten necktie
        nightshirt doublet""",
    "vehicle": """canoe sledge wagon bicycle raft carriage tram barge balloon tractor chariot cart gondola
        tricycle kayak ferry wheelbarrow glider steamboat locomotive motorcycle rickshaw submarine lorry caravan
        dinghy airship snowmobile trolley stagecoach catamaran toboggan skiff""",
    "job": """baker tailor cobbler miller potter shepherd sailor clerk lawyer nurse gardener butcher blacksmith
        carpenter librarian beekeeper teacher soldier priest locksmith printer surgeon plumber cook fisherman judge
        barber painter goldsmith ferryman translator postman dentist watchmaker chemist farmer midwife miner glover
        stonemason acrobat dancer juggler ratcatcher bookbinder""",
    "relative": """sister uncle nephew grandmother cousin brother aunt niece godfather stepson mother father
        daughter son grandfather widow twin stepmother half-brother great-aunt fiancé neighbour son-in-law godmother
        stepsister grandson granddaughter sister-in-law great-uncle landlady""",
    "plant": """lily thistle willow fern cactus nettle poppy orchid tulip rose oak birch cedar ivy daisy holly elm
        magnolia palm reed sunflower violet lotus larch maple hawthorn foxglove primrose bramble laurel yew hazel
        hyacinth cypress dandelion""",
    "weapon": """spear sling dagger crossbow cannon sabre trident axe club lance catapult bow musket whip net
        javelin halberd pike rapier mace boomerang blowpipe pistol cutlass staff dart scimitar battering_ram harpoon
        flail sword""",
    "bodypart": """thumb ear nose elbow knee toe tooth shoulder eyebrow wrist ankle heel chin cheek finger tongue
        kneecap rib eyelid jaw hip spine palm forehead nostril neck foot arm eye leg""",
    "container": """barrel basket jar urn chest bucket crate sack vase bowl bottle cauldron pouch tin trunk box
        casket drawer hatbox suitcase teacup goblet thimble jug tub satchel cupboard hamper envelope trough
        violin_case coffin wine_skin""",
    "furniture": """bench wardrobe stool cradle table bookcase sofa desk hammock throne mattress lamp carpet
        curtain chair dresser rocking_chair screen shelf footstool chandelier bathtub stove clock piano_stool armchair
        bunk_bed chess_table lectern wine_rack pew""",
    # Plural things.
    "objects": """teapots buttons thimbles keys stamps bottles mirrors umbrellas feathers coins bells spoons maps
        ribbons postcards marbles kites masks clocks candles shells puppets hats gloves doorknobs corks matchboxes
        magnets tickets teaspoons whistles fossils dolls walking_sticks bookmarks baskets horseshoes pencils hinges
        anchors padlocks thermometers weathervanes tiles nutcrackers sundials lampshades bootlaces fans combs""",
    "animals": """badgers herons otters foxes goats geese donkeys camels seals ferrets pelicans crows owls weasels
        hedgehogs lizards crabs swans magpies eagles rams mules bears parrots turtles frogs moths spiders dolphins
        whales squirrels peacocks bats pigeons rabbits hares ostriches llamas buffalo reindeer ponies penguins hens
        ducks piglets kittens falcons storks newts cranes mice""",
    "insects": """ants wasps moths crickets locusts fireflies dragonflies ladybirds hornets bees butterflies
        termites mosquitoes earwigs fleas spiders cicadas mayflies aphids grasshoppers silkworms midges caterpillars
        gnats centipedes woodlice leeches earthworms ticks lacewings scorpions""",
    "foods": """turnips figs lentils chestnuts dumplings eels oysters mushrooms plums pancakes pickles radishes
        cucumbers prawns apricots almonds olives onions carrots pumpkins cherries artichokes pretzels sausages beans
        peas potatoes beetroots mussels dates raisins lemons peppers cabbages anchovies quinces parsnips waffles
        melons leeks crabs noodles herrings gooseberries hazelnuts""",
    "workers": """bakers tailors sailors shepherds nurses farmers miners widows carpenters teachers monks poets
        soldiers fishermen potters clerks orphans blacksmiths dancers librarians grandmothers musicians butchers
        gardeners cobblers lawyers beekeepers midwives painters locksmiths students pilgrims goldsmiths millers judges
        barbers cooks jugglers masons bookbinders""",
    "flowers": """lilies tulips poppies roses daisies orchids violets bluebells marigolds irises sunflowers
        carnations primroses snowdrops daffodils peonies dahlias geraniums asters hyacinths foxgloves crocuses
        buttercups lupins pansies thistles camellias magnolias begonias cornflowers hollyhocks""",
    # Mass nouns and materials.
    "material": """slate cork wool marble leather granite wax ivory bamboo straw limestone copper iron bronze
        paper felt brick sandstone oak pine cedar flint amber bone brass tin lead chalk ebony jade linen silk canvas
        rubber porcelain plaster gold pewter velvet walnut mahogany steel concrete turf wicker tin_plate alabaster
        obsidian horn coral""",
    "stone": """slate marble granite limestone sandstone flint alabaster chalk obsidian brick quartz travertine
        gneiss tuff soapstone dolomite porphyry schist onyx jade agate shale pumice serpentine coral concrete mudbrick
        pebbles flagstone gypsum""",
    "metal": """copper iron tin zinc lead gold nickel cobalt bronze brass pewter steel titanium platinum tungsten
        aluminium chromium magnesium palladium manganese bismuth antimony iridium lithium vanadium cadmium uranium
        gallium osmium tantalum""",
    "cloth": """linen silk velvet wool cotton felt canvas flannel lace denim satin tweed muslin hemp fur leather
        corduroy cashmere damask burlap taffeta gauze calico chiffon brocade sackcloth mohair gingham sealskin fleece
        jute""",
    "food": """barley cheese butter rice porridge bacon cabbage mustard ginger cinnamon pepper vinegar chocolate
        salt sugar cream yoghurt toast venison salmon trout duck mutton ham celery spinach rhubarb gingerbread
        marmalade custard jam tofu oatmeal buckwheat marzipan rye caramel cod horseradish asparagus parsley goose_fat
        dill millet turnip_soup fudge""",
    "drink": """cider beer coffee milk tea brandy lemonade cocoa buttermilk rum mead wine sherry gin ale whisky
        vodka champagne vinegar port broth ginger_beer orange_juice plum_brandy barley_water mint_tea goat's_milk
        apple_juice perry absinthe rainwater seawater birch_sap""",
    "spice": """cinnamon ginger pepper nutmeg cloves cardamom cumin turmeric paprika thyme rosemary sage mint
        basil dill fennel aniseed vanilla mustard tarragon oregano coriander lavender caraway parsley chives sumac
        allspice lemongrass chamomile marjoram horseradish liquorice""",
    "fuel": """charcoal peat steam coal alcohol sunlight wind kerosene hydrogen sawdust vinegar sugar tallow
        seaweed gunpowder diesel lightning straw cork oil gravity springs magnets moonlight methane whale_oil turf wax
        petrol wood sulphur soap ammonia bicycles treadmills""",
    "goods": """salt wool timber wine pepper tobacco tea furs copper amber pearls cotton cheese leather paper rope
        cork ivory sugar coffee silk tin coal horses marble butter ink soap perfume rubber wax feathers candles hides
        fertiliser porcelain medicine ice raisins rice olive_oil herrings flax""",
    "subject": """astronomy botany law geometry medicine theology geology painting chemistry poetry grammar music
        navigation agriculture philosophy architecture history algebra economics zoology physics mechanics cartography
        optics engineering psychology surgery rhetoric logic anatomy statistics archaeology embroidery metallurgy
        meteorology""",
    "activity": """dancing whistling swimming gambling fishing wrestling singing juggling knitting sleeping
        running shouting smoking spitting skating hunting kissing cycling drumming cooking painting rowing boxing
        climbing weaving sneezing gardening archery fencing bowling sailing praying laughing bargaining yodelling
        trespassing begging eavesdropping""",
    "sound": """thunder whispering drumming laughter humming barking bells crackling wind sobbing hissing
        whistling chanting ticking growling applause hammering snoring clapping purring crying buzzing rattling
        singing splashing trumpets creaking coughing gunfire bleating""",
    "smell": """lavender smoke tar vinegar cinnamon roses leather onions seaweed peppermint sulphur lemons wet_dog
        fresh_bread soap pine burnt_sugar apples fish_oil varnish hay vanilla mushrooms coffee cheese tobacco camphor
        candle_wax gunpowder oranges cabbage lilac ammonia""",
    "emotion": """jealousy grief joy fear anger patience shame hope pride greed kindness courage envy curiosity
        loneliness gratitude boredom mercy wisdom laughter despair pity homesickness stubbornness forgiveness revenge
        love silence idleness honesty vanity obedience""",
    "weather": """fog snow thunder drought frost hail wind sleet mist heat lightning storms drizzle sandstorms
        blizzards gales sunshine monsoons whirlwinds ice floods dust cloudbursts tornadoes haze cold humidity
        hurricanes eclipses tides showers""",
    "liquid": """vinegar milk oil ink brine wine mercury tar turpentine blood alcohol seawater syrup lemon_juice
        beer soap_water acid molasses resin cream paraffin tea olive_oil glue brandy sap varnish cider ammonia
        glycerine rosewater petrol""",
    "substance": """salt sulphur chalk quartz ash sand sugar iron copper gold mercury lime coal mica flint wax
        resin lead soda ammonia arsenic starch gelatine iodine phosphorus charcoal borax graphite amber gypsum alum
        potash camphor zinc tallow""",
    "remedy": """vinegar mustard willow_bark nettle_tea ginger mint charcoal camphor sage goat's_milk seaweed
        thyme onion_juice cod_liver_oil lavender quinine iodine chamomile rosemary cold_baths leeches brandy aloe
        ginseng rhubarb eucalyptus valerian fennel lemon_balm elderflower liquorice cinnamon arnica comfrey""",
    "wood": """oak ash birch cedar pine walnut cherry maple elm yew willow larch spruce beech ebony mahogany teak
        cypress poplar hazel chestnut rosewood bamboo hickory olive holly sycamore alder fir redwood balsa applewood""",
    "crop": """barley rye flax hops rice millet cotton tobacco sugar_beet hemp lentils wheat maize oats potatoes
        grapes tea coffee olives turnips mustard lavender sunflowers peanuts cabbages cocoa beans sorghum buckwheat
        figs onions pumpkins chillies""",
    # Adjectives.
    "colour": """red blue green yellow orange pink brown black white grey crimson scarlet violet turquoise indigo
        amber gold ivory maroon emerald beige lilac navy rust-red sky-blue olive copper jet-black cream lavender
        magenta salmon-pink charcoal mustard ruby teal""",
    "taste": """bitter sour salty sweet peppery smoky spicy bland metallic nutty buttery oily minty soapy fruity
        earthy tangy creamy sharp rancid fishy floral chalky acidic lemony burnt musty sugary vinegary malty garlicky
        mouldy""",
    "shape": """round square triangular oval hexagonal spiral crooked flat pointed hollow curved star-shaped cubic
        crescent-shaped conical cylindrical diamond-shaped wavy octagonal bell-shaped pear-shaped egg-shaped
        pyramid-shaped ring-shaped heart-shaped fan-shaped rectangular twisted lopsided spherical""",
    "trait": """stubborn shy generous cruel lazy brave jealous polite clumsy greedy honest nervous proud cheerful
        gloomy patient suspicious superstitious talkative forgetful vain gentle reckless thrifty curious deaf blind
        left-handed tall bald ticklish melancholy sleepy rude silent sarcastic""",
    "texture": """smooth rough sticky slippery velvety brittle spongy crumbly waxy rubbery gritty silky leathery
        woolly scaly prickly greasy springy powdery slimy furry bumpy crisp soft stringy wrinkled hairy chewy flaky
        glossy jagged""",
    # Numbers and times.
    "number": """two three four five six seven eight ten eleven twelve thirteen fourteen fifteen sixteen seventeen
        eighteen nineteen twenty twenty-two twenty-five thirty thirty-one thirty-six forty forty-four fifty fifty-five
        sixty seventy eighty ninety sixty-four twenty-seven thirty-three forty-eight""",
    "ordinal": """second third fourth fifth sixth seventh eighth tenth eleventh twelfth thirteenth fourteenth
        fifteenth sixteenth seventeenth eighteenth nineteenth twentieth twenty-first""",
    "season": """spring summer autumn winter midsummer midwinter January February March April May June July August
        September October November December""",
    "weekday": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "time": """dawn noon dusk midnight sunrise sunset breakfast low_tide high_tide full_moon new_moon dinner
        teatime moonrise daybreak nightfall midday twilight lunchtime bedtime supper three_o'clock five_o'clock
        eight_o'clock eleven_o'clock""",
    "occasion": """weddings funerals harvests storms eclipses births elections market_days coronations fasts
        auctions trials snowfalls feasts thunderstorms full_moons sieges concerts baptisms parades floods holidays
        wars earthquakes birthdays banquets epidemics festivals famines royal_visits""",
    # Proper names and groups of the real world.
    "country": """Norway Chile Portugal Kenya Iceland Vietnam Morocco Poland Bolivia Japan Greece Canada Egypt
        Ireland Finland Turkey India Cuba Nepal Austria Ghana Denmark Brazil Scotland Mexico Malta Sweden Ethiopia
        Mongolia Ecuador Belgium Jordan Tunisia Latvia Jamaica Thailand Uruguay Albania Romania Senegal Cyprus""",
    "city": """Lisbon Oslo Cairo Vienna Prague Dublin Naples Istanbul Athens Kyoto Havana Lima Boston Hamburg
        Seville Warsaw Geneva Marseille Glasgow Venice Budapest Nairobi Calcutta Tunis Damascus Bergen Antwerp Leipzig
        Toronto Bristol Florence Krakow Ghent Riga Tbilisi Salamanca Zurich Shanghai Montreal Turin""",
    "language": """Latin Greek Arabic Welsh Basque Finnish Persian Hungarian Turkish Icelandic Sanskrit Portuguese
        Polish Dutch Irish Hebrew Swahili Russian Japanese Breton Norwegian Italian Bengali Danish Mongolian Georgian
        Catalan Armenian Tibetan Quechua Maltese Estonian""",
    # Further plurals and abstract things.
    "cargo": """oranges cannons mirrors coffins pianos horses bricks barrels bibles candles tulip_bulbs carpets
        bananas statues bells medicines rifles grindstones sheep hymn_books pineapples bicycles typewriters coconuts
        telescopes chandeliers tombstones umbrellas potatoes roof_tiles blankets anchors""",
    "bodyparts": """ears hands knees teeth feet elbows thumbs eyes noses shoulders ankles tongues fingers lungs
        toes wrists kidneys eyelids gums stomachs hips joints nails lips jaws cheeks muscles bones""",
    "topic": """taxes inheritance fishing_rights marriage gunpowder timber borders grazing bread_prices tolls
        shipwrecks prisoners water dowries weights mining weapons pilgrims slavery coinage duels fences whaling land
        beer bell-ringing hunting postage forests debts""",
    "symbol": """anchor owl wheat_sheaf crown ladder wheel star hammer boar key lion bridge bee swan tree tower
        rose snake eagle plough fish_hook candle horseshoe dolphin acorn stag torch mermaid sickle scallop bull
        harp_string unicorn griffin spade""",
}

ARTICLES: dict[str, str] = {
    **dict.fromkeys(
        "object tool animal building feature instrument garment vehicle job plant weapon container furniture "
        "symbol".split(),
        "a",
    ),
    "bodypart": "the",
    "relative": "the",
}
"""The article that an answer of a category takes after a question; other answers take none."""


def _entries(text: str) -> tuple[str, ...]:
    """Split a raw list, restore spaces, drop benchmark answers and repeats."""
    words = (word.replace("_", " ") for word in text.split())
    return tuple(dict.fromkeys(word for word in words if not set(word.lower().split()) & FORBIDDEN_ANSWERS))


ANSWERS: dict[str, tuple[str, ...]] = {category: _entries(text) for category, text in _RAW.items()}
"""Answer words by category."""
