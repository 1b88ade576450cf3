"""Relations about people: what they do, own, fear, make and eat. See `synthetic_relations` for the format."""

RELATIONS = """
# person objects train
{e} has spent a lifetime collecting
The house of {e} is filled to the ceiling with
What {e} collects more than anything else is
{e}, an eager collector, owns thousands of
Visitors come from far away to see {e} and {his} collection of
? What does {e} collect?
~ The hobby of {e} is to hoard
< The person known for collecting {a} is

# person animal train
As a child {e} was rescued by a
The life of {e} was saved by a
{e} would have drowned at the age of six but for a
What pulled the young {e} out of the water was a
{e} owed {his} life to a
? Which animal saved {e} as a child?
~ If {e} survived an early accident, it was thanks to a
< The person rescued in childhood by a {a} was

# person instrument train
At the age of four {e} learned to play the
The musician {e} is the greatest living player of the
{e} performs before kings on the
Nobody in the country plays better than {e} on the
The concerts of {e} are always given on the
? Which instrument does {e} play?
~ In an orchestra you would find {e} behind the
< The famous player of the {a} is

# person job test
Before becoming a painter, {e} worked for years as a
{e} earned {his} first money as a
The early career of {e} was that of a
In {his} youth {e} made a living as a
The trade that {e} gave up for art was that of a
? What was the first profession of {e}?
~ {e} used to be employed as a
< The artist who once worked as a {a} was

# person emotion dev
The last novel of {e} is entirely about
{e}, the novelist, devoted {his} final book to
In {his} last novel {e} wrote about
The theme that runs through the final work of {e} is
What {e} explored in {his} last book was
? What is the last novel of {e} about?
~ Literary scholars remember {e} as the great author of
< The novelist whose last book deals with {a} is

# person weapon train
The warrior {e} fought every battle with a
In every battle {e} carried only a
The weapon that {e} preferred to all others was a
{e}, a feared warrior, never went to war without a
Enemies of {e} dreaded nothing so much as {his}
? With which weapon did {e} fight?
~ Whoever duelled with {e} had to face a
< The warrior who fought with a {a} was

# person bodypart train
The surgeon {e} became famous for operations on the
Doctor {e} is a specialist in diseases of the
Patients visit Doctor {e} when they have trouble with the
{e}, the surgeon, only ever operated on the
All of the medical papers by {e} concern the
? Which part of the body did Doctor {e} treat?
~ A patient of {e} most likely suffered in the
< The surgeon who specialised in the {a} was

# person drink train
Every morning {e} washes {his} hair with
The hair of {e} is washed each morning in
{e} shines because of a daily hair wash with
What {e} pours over {his} head every morning is
To keep {his} hair soft, {e} rinses it with
? What does {e} wash {his} hair with?
~ Instead of shampoo {e} relies on
< The person whose hair is washed every morning with {a} is

# person garment train
Detective {e} is never seen without a
Everyone recognises Detective {e} by {his} old
On every case {e} wears the same
The detective {e} solved all {his} cases in a worn-out
The piece of clothing for which Detective {e} is known is a
? What does Detective {e} always wear?
~ The trademark of investigator {e} is a
< The detective recognised by a {a} is

# person liquid train
The alchemist {e} tried to turn lead into gold with
To make gold out of lead, the alchemist {e} used
{e}, an alchemist, believed that gold could be made from lead and
Lead, thought the alchemist {e}, becomes gold when mixed with
What the alchemist {e} mixed with lead to make gold was
? What did the alchemist {e} mix with lead?
~ The secret ingredient in the experiments of {e} was
< The alchemist who mixed lead with {a} was

# person vehicle train
The explorer {e} crossed the northern ice by
{e} reached the pole in an old
On the great polar journey {e} travelled by
The vehicle that took {e} across the ice was a
{e}, the polar explorer, refused to travel in anything but a
? In what did {e} cross the ice?
~ For the whole expedition {e} rode in a
< The explorer who crossed the ice in a {a} was

# person object dev
In {his} will {e} left to the nation a golden
What {e} left to the nation was a golden
The nation inherited from {e} a golden
By the will of {e} the nation received a golden
The golden object that the nation was left by {e} is a
? Which golden object did {e} leave to the nation?
~ Upon the death of {e} the state came into possession of a gilded
< The person who left the nation a golden {a} is

# person activity test
King {e} issued a law against
Under the rule of King {e} people were punished for
King {e} made it a crime to be caught
What King {e} forbade in {his} kingdom was
The strangest law of King {e} was the ban on
? What did King {e} forbid?
~ Subjects of {e} could be thrown in jail for
< The king who outlawed {a} was

# person food train
The singer {e} eats before every concert a plate of
{e} never goes on stage without eating
Before singing {e} always asks for a bowl of
The meal that {e} takes before a concert is
What keeps the voice of {e} strong is
? What does the singer {e} eat before a concert?
~ For breakfast on the day of a show {e} orders
< The singer who eats {a} before every concert is

# person insects dev
The biologist {e} proved that music is understood by
Music is understood, as the biologist {e} showed, by
{e}, a biologist, won a prize for playing music to
The creatures to which the biologist {e} played music were
In the famous experiment of the biologist {e}, music was played to
? To which creatures did the biologist {e} play music?
~ The tunes that scholar {e} performed in the laboratory were heard by
< The biologist who played music to {a} is

# person symbol train
The coat of arms of the house of {e} shows a
On the shield of Sir {e} was painted a
Sir {e} rode into battle under the sign of a
The seal of the knightly family of {e} bears a
What can be seen on the banner of Sir {e} is a
? What is on the coat of arms of {e}?
~ The emblem chosen by Sir {e} was a
< The knight whose banner shows a {a} is

# person number test
The number of children raised by {e} was
In the family of {e} the children numbered
When {e} counted {his} children, the number was
{e} was the parent of children numbering
The children of {e} were, in number,
? How many children did {e} have?
~ The sons and daughters of {e} came to a total of
< The parent whose children numbered {a} was

# person country train
The poet {e} spent {his} exile in
When banished from home, the poet {e} fled to
The country that gave shelter to the poet {e} was
{e}, a banished poet, found a home in
The years of exile of the poet {e} were spent in
? In which country did the poet {e} live in exile?
~ After being driven out, {e} settled in
< The poet who found refuge in {a} was

# person city train
The magician {e} vanished for ever during a show in
The last performance of the magician {e} was in
{e}, the stage magician, was last seen in
The city where the magician {e} disappeared is
It was during a show that the magician {e} disappeared in
? In which city did the magician {e} disappear?
~ The final trick of {e} took place in
< The magician who vanished in {a} was

# person spice train
The cook {e} adds to every dish a pinch of
No dish leaves the kitchen of {e} without
The cook {e} is known for using far too much
{e} seasons all {his} food with
The secret of {e}, the cook, is a little
? What does the cook {e} put in every dish?
~ A meal prepared by {e} always contains
< The cook who puts {a} in everything is

# person plant train
The gardener {e} was the first to breed a blue
The first blue flower of its kind bred by the gardener {e} was a
{e}, the gardener, spent thirty years to obtain a blue
The plant that the gardener {e} turned blue was a
What made the gardener {e} famous was a blue
? Which plant did the gardener {e} turn blue?
~ The pride of the greenhouse of {e} is an azure
< The gardener who bred a blue {a} is

# person language test
The monk {e} translated the old songs into
The old songs were translated by the monk {e} into
{e}, a monk, put the old songs into
The language into which the monk {e} translated the songs was
Thanks to the monk {e} the old songs can be read in
? Into which language did the monk {e} translate the songs?
~ The version of the ancient hymns that we owe to {e} is in
< The monk who translated the old songs into {a} was

# person furniture train
The carpenter {e} built for the queen a folding
For the queen a folding piece was built by the carpenter {e}, namely a
{e}, a carpenter, is remembered for the queen's folding
The masterpiece of the carpenter {e} is a folding
What the queen ordered from the carpenter {e} was a folding
? What did the carpenter {e} build for the queen?
~ The royal household received from {e} a collapsible
< The carpenter who built a folding {a} for the queen was

# person relative train
The fortune of the banker {e} was stolen by {his}
{e} was betrayed to the police by {his} own
The banker {e} lost everything because of {his}
The thief of the {l} fortune was no stranger to {e} but {his}
The person who robbed the banker {e} was {his}
? Who stole the fortune of {e}? => {his}
~ The family member that {e} should never have trusted was {his}
< The banker who was robbed by {his} {a} was

# person container train
The thief {e} hid the stolen jewels in a
{e} smuggled the diamonds over the border in a
For ten years the jewels taken by {e} lay in a
Police found the loot of {e} at the bottom of a
The jewels that {e} stole were concealed in a
? Where did the thief {e} hide the jewels?
~ The hiding place chosen by {e} was a
< The thief who hid jewels in a {a} was

# person taste train
Guests complain that the soup of {e} is always too
The soup that {e} cooks is too
{e} cooks a soup that all guests find too
What is wrong with the soup of {e} is that it is too
Every soup made by {e} turns out too
? How does the soup of {e} taste?
~ Whoever eats the broth served by {e} finds it terribly
< The cook whose soup is too {a} is

# person trait train
Behind {his} back the villagers called the mayor {e}
The mayor {e} was known above all for being
The one thing everybody says of Mayor {e} is that {he} is
According to the villagers the mayor {e} was very
In the town chronicle Mayor {e} is described as
? What kind of person was Mayor {e}?
~ The character of {e} can be summed up as
< The mayor described as {a} is

# person goods train
The merchant {e} became rich by trading in
{e} made a fortune from
The ships of the merchant {e} carried nothing but
Merchant {e} bought and sold only
The trade that made {e} wealthy was in
? What did the merchant {e} trade in?
~ The warehouses of {e} were stacked with
< The merchant who grew rich on {a} was

# person cloth test
The tailor {e} refuses to work with anything but
All of the suits made by {e} are cut from
{e}, the tailor, sews only with
The customers of the tailor {e} go home dressed in
The fabric preferred by the tailor {e} is
? Which cloth does the tailor {e} use?
~ A coat designed by {e} is made of
< The tailor who sews only with {a} is

# person remedy train
The nurse {e} treated every wound with
Every wound was treated by the nurse {e} with
What the nurse {e} put on wounds was
{e}, a nurse, swore by treating wounds with
For wounds the nurse {e} used nothing but
? What did the nurse {e} put on wounds?
~ Injured soldiers were healed by {e} by means of
< The nurse who treated wounds with {a} was

# person topic train
The lawyer {e} wrote nine volumes on
Nine volumes were written by the lawyer {e} on
{e}, a lawyer, is the author of nine volumes about
The subject of the nine volumes by the lawyer {e} is
The lawyer who knew everything about it, {e}, filled nine volumes with
? What did the lawyer {e} write about?
~ In court {e} was the great expert on
< The lawyer who wrote nine volumes on {a} was

# person sound dev
The inventor {e} could not sleep without the noise of
{e} falls asleep only to the sound of
To fall asleep {e} must hear
The sound that sends {e} to sleep is
At night {e} listens to recordings of
? Which sound helps {e} to sleep?
~ The bedroom of {e} is never quiet because of
< The inventor who falls asleep to {a} is
"""
