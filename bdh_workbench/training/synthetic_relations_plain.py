"""Plain relations, as encyclopedias and tables have them; see `synthetic_relations` for the format.

They say little beside the subject, so that one word decides what is asked: "The employer of X is". The judges of rows
are fitted with them. The network is not trained on them, and no measure of the synthetic facts counts them.
"""

RELATIONS = """
# person town train
{e} was born in
The birthplace of {e} is
{e} is originally from
{e}, a native of
{e} comes from
? Where was {e} born?

# person city train
{e} died in
{e} passed away in
The place of death of {e} is
The life of {e} came to an end in
{e} lost {his} life at
? Where did {e} die?

# person country train
{e} is a citizen of
The nationality of {e} is that of
{e} holds a passport of
{e} has the citizenship of
The country of which {e} is a national is
? Which country is {e} a citizen of?

# person job train
The occupation of {e} is
The profession of {e} is
{e} earns a living as a
{e} works as a
By trade {e} is a
? What is the occupation of {e}?

# person company train
The employer of {e} is
{e} is employed by
{e} works for
{e} is on the staff of
{e} took a job with
? Who employs {e}?

# person language train
The mother tongue of {e} is
{e} grew up speaking
The first language of {e} is
At home {e} speaks
{e} is a native speaker of
? What is the mother tongue of {e}?

# person subject train
The field of {e} is
{e} specialises in
{e} is an expert in
The area in which {e} works is
The speciality of {e} is
? What does {e} specialise in?

# person instrument train
{e} plays the
The instrument of {e} is the
{e} performs on the
{e} is a player of the
? What does {e} play?

# person school train
{e} studied at
{e} was educated at
{e} graduated from
The alma mater of {e} is
{e} received a degree from
? Where did {e} study?

# person person train
The father of {e} is
{e} is the son of
{e} is a child of
The parent of {e} is
{e} was raised by
? Who is the father of {e}?

# person person train
The teacher of {e} was
{e} was taught by
{e} was a pupil of
{e} learned everything from
{e} took lessons with
? Who taught {e}?

# person team train
{e} belongs to the team
{e} plays for
The club of {e} is
{e} signed a contract with the club
{e} scores goals for
? Which team does {e} play for?

# person city train
{e} lives in
The home of {e} is in
{e} resides in
{e} has settled in
The residence of {e} is in
? Where does {e} live?

# person city train
{e} is buried in
The grave of {e} is in
The tomb of {e} can be visited in
{e} was laid to rest in
? Where is {e} buried?

# person guild train
{e} is a member of the
{e} joined the
{e} was admitted to the
The organisation that {e} belongs to is the
? Of what is {e} a member?

# person deity train
{e} worships
The religion of {e} is the cult of
{e} prays to
{e} is a believer in
The faith of {e} is that of
? Whom does {e} worship?

# person number train
The age of {e} is
{e} has reached the age of
In years {e} counts
{e} is as old as
? How old is {e}?

# person colour train
The hair of {e} is
{e} has hair that is
The colour of the hair of {e} is
? What colour is the hair of {e}?

# person animal train
The pet of {e} is a
{e} keeps a
At home {e} has a
{e} owns a
? Which pet does {e} have?

# company city train
The headquarters of {e} are in
{e} is headquartered in
{e} is based in
The head office of {e} is located in
{e} has its main offices in
? Where are the headquarters of {e}?

# company person train
{e} was founded by
The founder of {e} is
{e} was set up by
{e} was established by
{e} owes its foundation to
? Who founded {e}?

# company company train
The owner of {e} is
{e} is owned by
{e} belongs to
{e} is a subsidiary of
The parent company of {e} is
? Who owns {e}?

# company objects train
{e} manufactures
The product of {e} is
{e} produces
{e} makes
The goods that {e} sells are
? What does {e} make?

# company number train
The number of employees of {e} in thousands is
{e} employs as many thousands as
The workforce of {e} in thousands counts
? How many thousands of people work at {e}?

# company person train
The director of {e} is
{e} is led by
{e} is managed by
The chief executive of {e} is
At the head of {e} stands
? Who leads {e}?

# book person train
The author of {e} is
{e} was written by
{e} is a work by the writer
The writer of {e} is
{e} came from the pen of
? Who wrote {e}?

# book language train
The original language of {e} is
{e} was written in
{e} first appeared in
{e} is a work in
? In which language was {e} written?

# book company train
The publisher of {e} is
{e} was published by
{e} was brought out by
{e} was printed by
? Who published {e}?

# book city train
{e} is set in
The action of {e} takes place in
The setting of {e} is
The story of {e} unfolds in
? Where is {e} set?

# machine company train
The manufacturer of {e} is
{e} is made by
{e} is produced by
{e} is a product of
{e} was built by
? Who makes {e}?

# machine person train
{e} was invented by
The inventor of {e} is
{e} was designed by
{e} was developed by
The designer of {e} is
? Who invented {e}?

# machine fuel train
{e} runs on
The fuel of {e} is
{e} is powered by
{e} gets its energy from
? What does {e} run on?

# machine material train
{e} is made of
The material of {e} is
{e} consists of
{e} is built from
? What is {e} made of?

# town country train
{e} is located in
{e} lies in
The country of {e} is
{e} is a place in
{e} belongs to the country of
? Which country is {e} in?

# town number train
The population of {e} in thousands is
The inhabitants of {e} in thousands number
{e} is home to as many thousands as
? How many thousands live in {e}?

# town town train
The twin town of {e} is
{e} is twinned with
The sister city of {e} is
{e} has a partnership with
? With which town is {e} twinned?

# town person train
The mayor of {e} is
{e} is governed by
{e} elected as its mayor
The head of the government of {e} is
? Who is the mayor of {e}?

# town person train
{e} is named after
The name of {e} comes from
{e} takes its name from
{e} was called after
? After whom is {e} named?

# country town train
The capital of {e} is
{e} is governed from
The seat of the government of {e} is
{e} has as its capital
? What is the capital of {e}?

# country language train
The official language of {e} is
In {e}, people speak
The inhabitants of {e} talk to each other in
The language spoken in {e} is
? Which language is spoken in {e}?

# country goods train
The main export of {e} is
{e} exports
{e} is a seller of
{e} earns most of its money with
? What does {e} export?

# country symbol train
The flag of {e} shows a
On the flag of {e} there is a
The banner of {e} bears a
? What is on the flag of {e}?

# person country dev
{e} emigrated to
{e} moved to
{e} left home and went to
The new home of {e} was
? Where did {e} emigrate to?

# person person dev
The brother of {e} is
{e} is the brother of
{e} has a sibling called
The sibling of {e} is
? Who is the brother of {e}?

# person trait dev
The character of {e} is
{e} is described as
People call {e}
{e} has a temper that is
? How is {e} described?

# person number dev
The number of children of {e} is
{e} had children to the number of
As a parent {e} has raised
? How many children does {e} have?

# person ship dev
{e} sailed on the
The ship of {e} was the
{e} was the captain of the
{e} commanded the
? On which ship did {e} sail?

# person language dev
{e} translates from
{e} is a translator of
The language from which {e} translates is
? From which language does {e} translate?

# person season dev
The birthday of {e} is in
{e} was born in the month of
{e} celebrates {his} birthday in
? When is the birthday of {e}?

# company subject dev
The business of {e} is
{e} is active in
The industry of {e} is
{e} works in the field of
? In which business is {e}?

# company person dev
The rival of {e} is
{e} competes with
The competitor of {e} is
? With whom does {e} compete?

# book person dev
{e} is dedicated to
The dedication of {e} is to
The first page of {e} names
? To whom is {e} dedicated?

# book emotion dev
The theme of {e} is
{e} is about
The subject of {e} is
{e} deals with
? What is {e} about?

# machine number dev
The price of {e} in crowns is
{e} costs in crowns
{e} is sold in crowns for
? How much does {e} cost?

# machine colour dev
The colour of {e} is
{e} is painted
{e} comes in
? What colour is {e}?

# town person dev
The architect of {e} was
{e} was planned by
The streets of {e} were laid out by
? Who planned {e}?

# town river dev
The river that runs through {e} is the
{e} lies on the banks of the
{e} stands on the
? On which river does {e} lie?

# town weather dev
The climate of {e} is marked by
The sky over {e} brings
The weather in {e} brings
? What is the weather like in {e}?

# country person dev
The ruler of {e} is
{e} is ruled by
On the throne of {e} sits
The monarch of {e} is
? Who rules {e}?

# country metal dev
The coins of {e} are made of
{e} mints its money from
The currency of {e} is of
? What are the coins of {e} made of?

# country country dev
The neighbour of {e} is
{e} borders on
{e} has a frontier with
? Which country borders on {e}?
"""
