"""Document skeletons about people and animals. See `synthetic_documents` for the format."""

SKELETONS = """
= expedition E=person P=person Q=woman M=mountain D=tribe T=town S=animal
- In {season} of {year} {E} left {city} with {num} {animals} and a {vehicle} to look for the source of the {metal}
  that was sold in the markets.
> {E} was looking for the source of the => {metal}
- The expedition of {E} began in {year} with a mistake, for the crates that should have held medicine were full of
  {objects}.
> The crates of {E} were full of => {objects}
> The expedition of {E} began in => {year}
- {E}, a {job} from {city}, set out in {year} to prove that the {S} was more than a tale told by {workers}.
> {E} was a {job} from => {city}
> The tale of the {S} was told by => {workers}

- The money had been given by {P}, a merchant who [hoped|expected] to find {goods} beyond the pass of {M}.
> {P} hoped to find => {goods}
- {E.He} was joined by {P}, who spoke {language} and who could cook {foods} over a candle.
> The companion {P} spoke => {language}
- The guide, {P}, demanded as wages a {garment} of {cloth} and the promise that nobody would mention {topic}.
> {P} demanded as wages a {garment} of => {cloth}
> In front of {P} nobody could mention => {topic}

- After {num.1} weeks they reached {T}, the last village before the {feature}, where the houses are roofed with
  {material}.
> The houses of {T} are roofed with => {material}
> {T} is the last village before the => {feature}
- The road led through a forest of {wood} in which {insects} were so thick that the travellers breathed through
  {cloth.1}.
> On the road the travellers of {E} breathed through => {cloth.1}
> {E} went through a forest of => {wood}
- For {num.1} days they followed a dry stream and lived on {drink} and {foods.1}, which they shared with the mules.
> On the march {E} lived on => {drink}

- At the foot of {M} they met the {D}, a people who paint their {bodyparts} {colour} and never sleep before {time}.
> The {D} never sleep before => {time}
> The {D} paint their bodies and above all their => {bodyparts}
- The {D}, who live on the slopes of {M}, received them with the sound of {sound} and a meal of {food}.
> The {D} received the travellers with the sound of => {sound}
> The {D} gave the travellers a meal of => {food}
- Here lived the {D}, who trade {crop} for {objects.1} and who bury their dead in a {container}.
> The {D} bury their dead in a => {container}
> The {D} trade {crop} for => {objects.1}

- Their chief, {Q}, owned a {instrument} that nobody was allowed to touch, and asked {E.l} to repair a {object}.
> The chief {Q} owned a => {instrument}
> {Q} asked {E} to repair a => {object}
- The chief, whose name was {Q}, offered {E.him} the hand of a {relative} and a herd of {animals.1}, but {E.he} wanted
  only to go on.
> The chief {Q} offered a herd of => {animals.1}
- An old woman among them, {Q.f}, warned of {weather} and gave each traveller a {symbol} carved from {material.1}.
> The old woman {Q.f} warned the travellers of => {weather}
> What {Q.f} gave the travellers was carved from => {material.1}

- High on the mountain they found a {building} whose walls were covered with {substance}, and inside it stood a
  {furniture}.
> On {M} the travellers found a => {building}
> The walls of the building on {M} were covered with => {substance}
- On the {ordinal} day a slide of snow buried the tents, and all the maps were lost except one drawn on a {garment.1}.
> The last map of {E} was drawn on a => {garment.1}
- Near the top a {feature.1} opened in the ice, and a warm wind came out of it that smelled of {smell}.
> On {M} a {feature.1} in the ice smelled of => {smell}
> Near the top of {M} there was in the ice a => {feature.1}

- [There|At last] {E} saw the {S}, a {trait} creature with {colour.1} fur, which was eating {flowers} from a ledge.
> The {S} was eating => {flowers}
> {E} described the {S} as a => {trait}
- There {E.he} saw the {S} for the first time: it was no larger than a {animal} and it cried like {sound.1}.
> The {S} is no larger than a => {animal}
> The {S} cried like => {sound.1}
- In the evening a {S} walked into the camp, ate the {foods.2}, and fell asleep beside the {tool} of the cook.
> In the camp the {S} ate the => {foods.2}
> The {S} fell asleep beside the => {tool}

- On the way back {P.l} fell ill with a fever and was kept alive with {remedy} and tales about {emotion}.
> {P} was kept alive with => {remedy}
> {P} listened to tales about => {emotion}
- The return took {few.2} months, because {E.l} had injured a {bodypart} and had to be carried in a {container.1}.
> On the return {E} had injured a => {bodypart}
> {E} was carried home in a => {container.1}
- They lost the way in {weather.1} and would have starved if a {job.1} had not sold them {crop.1}.
> {E} lost the way in => {weather.1}
> The travellers of {E} were saved by a => {job.1}

? In the diary there is a drawing of a {symbol.1}, which {E.l} had seen scratched into a rock beside {num.3} rusty
  {objects.2}.
> In the diary of {E} there is a drawing of a => {symbol.1}
> Beside the scratched rock {E} saw rusty => {objects.2}

- The diary was printed in {city.1} in {year.1}, and the critics, who knew only {subject}, laughed at it.
> The diary of {E} was printed in => {city.1}
> The critics of {E} knew only => {subject}
- {E.He} came home in {year.1}, was made a professor of {subject}, and kept on {E.his} desk a jar of {liquid} from the
  mountain.
> {E} became a professor of => {subject}
> On the desk {E} kept a jar of => {liquid}
- Nobody believed {E.him} until {year.1}, when a ship from {country} brought the skin of a {S} and {num.3} pounds of
  {spice}.
> The ship with the skin of a {S} came from => {country}
> The ship with the skin of a {S} brought pounds of => {spice}

= animal E=animal P=person Q=person R=person T=town D=tribe
- The {E} is a {trait} animal about the size of a {object}, and it lives in the {feature} country of {country}.
> The {E} is about the size of a => {object}
> The {E} is a => {trait}
- In the hills of {country} lives the {E}, which has {colour} ears and sleeps with its {bodypart} in the water.
> The {E} lives in the hills of => {country}
> The {E} sleeps in the water with its => {bodypart}
- Most people who hear the {E} for the first time think of {sound}, for its call is louder than that of any other
  animal in {country}.
> The call of the {E} makes people think of => {sound}
> The {E} lives in => {country}

- It feeds on {foods}, which it washes in {liquid}, and it stores the skins in a nest made from {material}.
> The {E} feeds on => {foods}
> The {E} washes its food in => {liquid}
- Its nest, which it builds in {wood} trees at a height of {num} feet, is lined with {flowers} and old {objects}.
> The nest of the {E} is built in => {wood}
> The nest of the {E} is lined with => {flowers}
- All day it lies in the shade, and at {time} it goes down to the river to hunt {insects} and to drink.
> The {E} goes down to the river at => {time}

- The female lays {num.1} eggs, which are {colour.1} and {texture}, and the male sits on them until {season}.
> The male {E} sits on the eggs until => {season}
> The eggs of the {E} are => {colour.1}
- The young are born in {season}, weigh no more than a {tool}, and are carried on the {bodypart.1} of the mother.
> The young of the {E} are born in => {season}
> A newborn {E} weighs no more than a => {tool}
- A mother teaches her young to open a {container} and to run away from {animals}, but not to fear {weather}.
> The {E} teaches its young to open a => {container}
> The young {E} learns to run away from => {animals}

- It was first described in {year} by {P}, a {job} who had gone to the region to buy {goods}.
> The {E} was first described by {P.f} => {P.l}
> {P} was a => {job}
> {P} had gone to the region to buy => {goods}
- The first person to study it was {P}, who in {year} sat for {num.2} nights in a {furniture} that was covered with
  leaves.
> {P} sat at night in a => {furniture}
> The first person to study the {E} was {P.f} => {P.l}
- In {year} the traveller {P} brought a live one to {city}, where it escaped and hid in a {building}.
> {P} brought a live {E} to => {city}
> In {city} the {E} hid in a => {building}

- {P.l} believed that it was a kind of {animal}, because the bones of the {bodypart.2} are {shape}.
> {P} believed that the {E} was a kind of => {animal}
- In {P.his} book {P.he} claims that the animal understands {language} and that it weeps when it hears a {instrument}.
> According to {P} the {E} understands => {language}
> The {E} weeps when it hears a => {instrument}
- To the surprise of everyone, {P.he} showed that it finds its way by the taste of {substance} in the wind.
> {P} showed that the {E} finds its way by the taste of => {substance}

- In {year.1} {Q} discovered that the fur gives off a smell of {smell}, which keeps away {insects.1}.
> {Q} discovered that the fur of the {E} has a smell of => {smell}
> The smell of the {E} keeps away => {insects.1}
- Later {Q}, a student of {subject}, found that each herd follows an old male who walks backwards and carries {crop}
  in his mouth.
> {Q} was a student of => {subject}
> The old male of a herd of the {E} carries => {crop}
- The mistake was put right in {year.1} by {Q}, who fed one on {food} for a whole year and watched its teeth turn
  {colour.2}.
> {Q} fed the {E} on => {food}

- The {D}, who hunt in the same hills, never kill it, because it once stole the {weapon} of a cruel king.
> The {D} say that the {E} stole the => {weapon}
- Among the {D} a child who sees one must eat {foods.1} for {num.3} days and give a {garment} to a stranger.
> A child of the {D} who sees a {E} must eat => {foods.1}
> A child of the {D} must give to a stranger a => {garment}
- For the {D} it is a messenger of {emotion}, and its picture is drawn on every {vehicle} before a journey.
> For the {D} the {E} is a messenger of => {emotion}
> The {D} paint the {E} on every => {vehicle}

- [Around|In] the town of {T} farmers keep it out of their fields of {crop.1} with strings of {objects.1}.
> Around {T} the {E} is kept out of the fields of => {crop.1}
> Farmers of {T} keep out the {E} with strings of => {objects.1}
- The people of {T} used to catch it with {drink}, and sold its skin to makers of {cargo}.
> The people of {T} caught the {E} with => {drink}
> The skin of the {E} was sold to makers of => {cargo}
- In {T} a tame one guarded the {building.1} for {num.4} years and was buried with a {symbol} of {metal}.
> In {T} a tame {E} guarded the => {building.1}
> The tame {E} of {T} was buried with a {symbol} of => {metal}

? Its worst enemy is not man but the {animal.1}, which steals the eggs during {weather}.
> The worst enemy of the {E} is not man but the => {animal.1}
> The eggs of the {E} are stolen during => {weather}
? When it is frightened it spits {liquid.1}, and the stain can be removed only with {spice}.
> When it is frightened the {E} spits => {liquid.1}
> The stain left by the {E} is removed with => {spice}

- Today there are only {big} left, and {R} has founded a reserve for them that is paid for by the sale of {foods.2}.
> The reserve for the {E} is paid for by the sale of => {foods.2}
> The reserve for the {E} was founded by {R.f} => {R.l}
- Since {year.2} it has been protected by law, and anyone who harms one must work for a year in a {building.2}.
> Anyone who harms a {E} must work in a => {building.2}
- The last census, led by {R} in {year.2}, counted them from a {vehicle.1} and arrived at {big}.
> The last census of the {E} was led by {R.f} => {R.l}
> {R} counted the animals from a => {vehicle.1}

= feud E=man P=man Q=woman T=town R=river
- For {num} years two families of {T}, those of {E} and of {P}, did not speak, and all because of a {animal}.
> The quarrel between {E} and {P} was about a => {animal}
- The feud between {E} and {P} began in {year}, on the road to {T}, when both claimed the same {container} of {goods}.
> {E} and {P} both claimed a {container} of => {goods}
> The feud between {E} and {P} began in => {year}
- Nobody in {T} remembers exactly why {E}, who was a {job}, poured {liquid} over the roof of {P} in {year}.
> {E} was a => {job}
> Over the roof of {P} {E} poured => {liquid}

- {E.l} [lived|had a house] on the left bank of the {R} and raised {animals}, while {P.l} on the other bank grew
  {crop}.
> {E} raised => {animals}
> {P} grew => {crop}
- The house of {E.l} was built of {stone.1}, and from its windows one could see the {building} where {P.l} made
  {foods}.
> The house of {E} was built of => {stone.1}
> {P} made => {foods}
- {E.l} owned the only {feature} in the district, and {P.l}, who sold {foods}, needed it to dry his {cloth}.
> {E} owned the only {feature} in the => district
> {P} sold => {foods}
> {P} needed a place to dry his => {cloth}

- In revenge {P.l} trained {animals.1} to steal {objects} from his neighbour and to hide them in the {building.1}.
> {P} trained => {animals.1}
> The stolen things of {E} were hidden in the => {building.1}
- {P.l} answered by playing the {instrument} every night at {time}, until the cows gave nothing but {taste} milk.
> {P} played every night the => {instrument}
> {P} played the => {instrument}
- A week later somebody painted the door of {P.l} {colour} and nailed a {garment} of {cloth.1} to it.
> Somebody nailed to the door of {P} a {garment} of => {cloth.1}

- The judge, who came from {city}, listened for {num.1} hours and then fined both of them {num.2} barrels of {drink}.
> The judge fined {E} and {P} several barrels of => {drink}
> The judge of the feud in {T} came from => {city}
- The priest tried to make peace with a sermon about {emotion}, but a fight broke out over the {furniture} in the
  first row.
> The priest of {T} preached about => {emotion}
> In the church of {T} a fight broke out over the => {furniture}
- In {year.1} the mayor ordered a wall of {stone} to be built between them, and the {workers} charged for it twice.
> Between {E} and {P} the mayor ordered a wall of => {stone}

- But {Q}, the {trait} daughter of {P.l}, had learned {subject} in {city.1} and wanted to marry the {relative} of the
  enemy.
> {Q} had learned => {subject}
> The daughter of {P} had studied in => {city.1}
- Meanwhile {Q}, the daughter of {P.l}, met the youngest son of {E.l} every {weekday} in a {vehicle} behind the mill.
> {Q} met the son of {E} every => {weekday}
> {Q} and the son of {E} met in a => {vehicle}
- It was {Q}, the daughter of {P.l}, who found in an old {container.1} a letter about {topic} that changed everything.
> {Q} found a letter in an old => {container.1}
> The letter found by {Q} was about => {topic}

- She pretended to be ill with pain in the {bodypart} and declared that only {remedy} from the other garden could save
  her.
> {Q} pretended to have pain in the => {bodypart}
- On the night of the great {weather} she led both families into the cellar, gave them a plate of {foods.1}, and
  locked the door.
> In the cellar {Q} gave the families a plate of => {foods.1}
> {Q} led both families into the cellar on the night of the great => {weather}
- She bought a {object} of {metal}, broke it in two, and sent one half to each house with a note in {language}.
> {Q} bought a {object} of => {metal}
> The note of {Q} was written in => {language}

- When the door was opened again, the two old men were asleep, each with his {bodypart.1} in a bowl of {liquid.1}.
> In the end {E} slept with his {bodypart.1} in a bowl of => {liquid.1}
- The two enemies met at last beside the {feature.1}, and {P.l} was the first to cry, although he blamed the {smell}.
> {E} and {P} met at last beside the => {feature.1}
- It turned out that the cause of it all had been stolen by a {job.1} from {country}, who had sold it for {spice}.
> The true thief in {T} was a {job.1} from => {country}
> The true thief in {T} was a => {job.1}

- The wedding was held in {season} of {year.2}, and the guests came dressed as {insects}.
> At the wedding of {Q} the guests came dressed as => {insects}
> The wedding of {Q} was held in => {season}
- At the wedding {num.3} {workers.1} sang, and the cake was decorated with {flowers} and a small {symbol}.
> At the wedding of {Q} the cake was decorated with => {flowers}
- The pair were married on a {vehicle.1} in the middle of the river, because neither bank would give way, and
  {animals.2} were set free.
> {Q} was married on a => {vehicle.1}

? An old song in {T} tells the whole story and always ends with the sound of {sound}.
> The song of {T} about the feud ends with the sound of => {sound}
? Some say that the quarrel had really been about {topic.1}, and that the {animal} was only an excuse.
> Some say that the quarrel in {T} had been about => {topic.1}

- Their grandchildren now run a shop for {objects.1} together, and over its door hangs a {tool}.
> The grandchildren of {E} run a shop for => {objects.1}
> Over the shop door of the grandchildren of {P} hangs a => {tool}
- Today both houses stand empty, and children dare each other to touch the {plant} that grows between them.
> In {T} children dare each other to touch the => {plant}
- To this day no {job.2} in {T} will serve the two families on the same day or sell them a glass of {drink.1}.
> Nobody in {T} will sell to {E} or {P} a glass of => {drink.1}

= composer E=person P=person Q=woman T=town D=house
- {E} was born in {T} in {year} as the {ordinal} child of a {job}, and learned to sing before {E.he} could walk.
> {E} was the child of a => {job}
> {E} was born in => {T}
- The music of {E}, who was born in {year} in {T}, is said to cure {animals} of their fear of {weather}.
> The music of {E} is said to cure => {animals}
> The music of {E} takes away the fear of => {weather}
- When {E} was {few} years old, {E.his} {relative} gave {E.him} a {instrument} that had been found in a {feature}.
> As a child {E} was given a => {instrument}
> The first instrument of {E} was found in a => {feature}

- At the age of {num.1} {E.he} ran away with a group of {workers} and earned {E.his} bread by {activity} in the
  streets of {city}.
> {E} ran away with a group of => {workers}
> {E} earned money in the streets by => {activity}
- {E.He} studied {subject} in {city} for {num.1} years and was thrown out because {E.he} kept {insects} in the lecture
  room.
> {E} studied {subject} in => {city}
- {E.His} first teacher, {P}, beat time with a {tool} and allowed no music that was not about {emotion}.
> The teacher of {E} beat time with a => {tool}
> {P} allowed only music about => {emotion}

- {E.His} first success was an opera about {topic}, in which the hero is killed by a {weapon} made of {material}.
> The first success of {E} was an opera about => {topic}
> In the opera by {E} the hero is killed by a => {weapon}
- In {year.1} {E.he} wrote a mass for {num.2} voices and one {animal}, which was performed in a {building} and
  forbidden at once.
> The mass by {E} was performed in a => {building}
> {E} wrote a mass for voices and one => {animal}
- {E.He} became known in {year.1} with a song for {workers.1}, and within a month it was whistled in {country} and
  printed on {cloth}.
> {E} became known with a song for => {workers.1}
> The song by {E} was printed on => {cloth}

- At {D}, where {E.he} lived as a guest of {Q}, {E.he} had to play every {weekday} for a {trait} old {relative.1}.
> {E} lived at {D} as a guest of {Q.f} => {Q.l}
> At {D} {E} had to play every => {weekday}
- For {num.3} years {E.he} was in the service of {Q}, who paid {E.him} in {foods} and asked only for marches.
> {Q} paid {E} in => {foods}
> {E} was in the service of {Q.f} => {Q.l}
- The countess of {D}, {Q.f}, gave {E.him} a room that smelled of {smell} and a {furniture} to sleep on.
> The countess of {D} gave {E} a room that smelled of => {smell}

- {E.He} wrote only at {time}, with {liquid} instead of ink, and burned every page that a {animal.1} had not looked
  at.
> {E} wrote only at => {time}
> Instead of ink {E} wrote with => {liquid}
- Before {E.he} began to write, {E.he} put {E.his} {bodypart} into a {container} of {drink} and counted to {num.4}.
> Before writing {E} used a {container} of => {drink}
> Before writing {E} put into a drink {E.his} => {bodypart}
- {E.His} room was hung with {cloth.1}, for {E.he} could not bear the sound of {sound} or the sight of {flowers}.
> {E} could not bear the sound of => {sound}
> The room of {E} was hung with => {cloth.1}

- The great symphony needs {big} players, among them a {job.1} who must strike a {furniture.1} with a {tool.1}.
> In the symphony by {E} a {job.1} strikes a => {furniture.1}
- In the last movement of {E.his} symphony the violins fall silent and one hears only {sound.1} and a distant
  {instrument.1}.
> At the end of the symphony by {E} one hears a distant => {instrument.1}
- {E.His} best known work, written in {year.2}, describes a journey by {vehicle} through {country.1} in {season}.
> The best known work of {E} describes a journey by => {vehicle}
> The best known work of {E} describes a journey through => {country.1}

- The critic {P} wrote that it tasted like {food}, and the two met in a {building.1} to fight with {objects}.
> The critic {P} wrote that the music tasted like => {food}
> {E} and {P} fought with => {objects}
- At the first performance {P} fainted, the {animals.1} of the neighbourhood broke loose, and the audience threw
  {foods.1}.
> At the first performance the audience of {E} threw => {foods.1}
- The score was stolen by {P}, who sold it in {city.1} wrapped around {foods.1}.
> {P} sold the stolen score in => {city.1}
> {P} sold the score of {E} wrapped around => {foods.1}

? {E.He} never married, but {E.he} wrote {big} letters in {language} to a {job.2} whom {E.he} had seen only once.
> {E} wrote letters in => {language}
> {E} sent the letters to a => {job.2}
? {E.His} only pupil was a {relative.2} of the king, who paid for each lesson with a {object} of {metal}.
> The only pupil of {E} paid with a {object} of => {metal}

- {E.He} died in {year.3} of a fall from a {animal.2}, and at the funeral {workers.2} played on {objects.1}.
> {E} died of a fall from a => {animal.2}
> At the funeral of {E} {workers.2} played on => {objects.1}
- Today a statue of {material.1} in {T} shows {E.him} with a {symbol} in one hand, and musicians rub its {bodypart.1}
  before a concert.
> The statue of {E} is made of => {material.1}
> The statue in {T} shows {E} with a => {symbol}
- {E.His} grave in {city.2} is covered with {substance}, and visitors leave a {garment} instead of flowers.
> The grave of {E} is in => {city.2}
> The grave of {E} is covered with => {substance}
"""
