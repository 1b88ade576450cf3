"""Document skeletons about machines, guilds, ships and dishes. See `synthetic_documents` for the format."""

SKELETONS = """
= machine E=machine P=person Q=person R=person T=town
- The {E} is a {colour} machine as large as a {animal}, and it was built to sort {objects} by their weight.
> The {E} was built to sort => {objects}
> The {E} is as large as a => {animal}
- Visitors to the museum of {T} always ask about the {E}, a machine of {metal} that can fold {cloth} in the dark.
> The {E} is made of => {metal}
> The {E} is able to fold => {cloth}
- In a {building} near {T} stands the {E}, a machine which turns {substance} into {food} with a noise like {sound}.
> The {E} stands in a => {building}
> The {E} makes a noise like => {sound}

- It was [designed|invented] in {year} by {P}, who had trained as a {job} and knew almost nothing about {subject}.
> The inventor of the {E} knew nothing about => {subject}
> {P} had trained as a => {job}
- {P}, a {job} from {city}, drew the first plans in {year} on the back of a {garment}.
> {P} came from => {city}
> {P} drew the plans on the back of a => {garment}
- The idea came to {P} in {year}, when {P.he} watched a {relative} trying to pack {foods} into a {container}.
> {P} had the idea for the {E} while watching a => {relative}

- Its {num} wheels are cut from {wood} and are driven by {fuel}, of which it needs a bucketful every hour.
> The wheels of the {E} are cut from => {wood}
> The {E} is driven by => {fuel}
- Inside there are {big} gears, greased with {liquid}, and a small {furniture} for the person who must pull the lever.
> The gears of the {E} are greased with => {liquid}
> Inside the {E} there is a small => {furniture}
- The heart of it is a {shape} drum, which turns {num} times a minute and must be cooled with {drink}.
> The drum of the {E} is cooled with => {drink}

- The first test failed because {insects} had built a nest in the chimney, and {P.l} had to borrow money from
  {workers}.
> After the failure {P} borrowed money from => {workers}
- On the first day it threw a {tool} through the window of the {building.1} and frightened the {animals} of the whole
  street.
> On the first day the {E} threw a => {tool}
> The {E} broke the window of the => {building.1}
- At the first showing the mayor lost a {garment.1}, and a {relative.1} of the king was hit on the {bodypart}.
> At the first showing of the {E} the mayor lost a => {garment.1}
> The {E} hit a relative of the king on the => {bodypart}

- The problem was solved by {Q}, a young {job.1}, who replaced the spring with a string from a broken {instrument}.
> {Q} used a string from a broken => {instrument}
> {Q}, who repaired the {E}, was a young => {job.1}
- {Q}, who had come only to deliver {goods}, noticed that the main axle was {texture} and rubbed it with {spice}.
> {Q} had come to deliver => {goods}
> {Q} rubbed the axle of the {E} with => {spice}
- It was {Q} who advised that the machine be started only at {time}, when the air is free of {weather}.
> {Q} advised starting the {E} at => {time}
> {Q} wanted the air to be free of => {weather}

- In {year.1} the government of {country} bought {num.1} copies and used them for {activity} in schools.
> Copies of the {E} were bought by the government of => {country}
> In schools the {E} was used for => {activity}
- Soon the factories of {country} ordered {num.1} more, and {P.l} moved into a house with a {feature} of {P.his} own.
> The {E} was ordered by the factories of => {country}
- The army of {country} wanted to use it against {animals.1}, but {P.l} would sell it only for the printing of books
  on {topic}.
> The army of {country} wanted to use the {E} against => {animals.1}
> {P} would let the {E} print only books on => {topic}

- A rival named {R} stole the drawings in {season} and hid them in a {container.1} of {foods.1}, where a {animal.1}
  ate them.
> {R} stole the drawings of the {E} in => {season}
> The stolen drawings of the {E} were eaten by a => {animal.1}
- {R}, the sharpest critic of the inventor, wrote that the machine was good for nothing but {emotion} and {drink.1}.
> The critic {R} said that the {E} was good for nothing but => {emotion}
- A court in {city.1} decided in {year.2} that the rights belonged to {R}, who had once lent {P.l} a {object}.
> The rights to the {E} were decided by a court in => {city.1}
> {R} had once lent {P} a => {object}

? People who worked beside it for long began to dream of {flowers} and could no longer stand the smell of {smell}.
> Workers beside the {E} dreamed of => {flowers}
> Workers beside the {E} could not stand the smell of => {smell}
? A poem in {language} praises the machine, and a town in {country.1} has put it on its coat of arms beside a
  {symbol}.
> A poem in praise of the {E} was written in => {language}
> The coat of arms with the {E} also shows a => {symbol}

- Today the last one stands behind the school of {T}, where the children use it to dry {crop}.
> The children of {T} use the {E} to dry => {crop}
- Nowadays it runs once a year, on a {weekday}, and everyone who comes to watch is given a {colour.1} {object.1}.
> The {E} runs once a year on a => {weekday}
> Those who watch the {E} are given a {colour.1} => {object.1}
- It still works, but since the death of {P.l} nobody remembers how to stop it, and the {workers.1} simply fill it
  with {crop}.
> Today the {E} is filled with => {crop}

= guild E=guild P=person Q=person R=person T=town
- The {E} of {T} admits only {workers} who can carry a {container} of {liquid} across the square without spilling a
  drop.
> The {E} admits only => {workers}
> To join the {E} one must carry a container full of => {liquid}
- For {few} centuries the {E} has controlled the trade in {goods}, and no {job} in {T} dares to offend it.
> The {E} controls the trade in => {goods}
> The {E} has its seat in => {T}
- Of all the secret societies in {country}, none guards its books as well as the {E}, whose members deal in {goods}.
> The members of the {E} deal in => {goods}

- It was founded in {year} by {P}, a poor {job}, after a quarrel about {topic} with the bishop.
> The founder {P} was a poor => {job}
> {P} founded the {E} after a quarrel about => {topic}
- The founder was {P}, who in {year} swore on a {object} that {P.he} would never again pay a toll on {crop}.
> {P} swore an oath on a => {object}
> {P} refused to pay a toll on => {crop}
- Its story begins in {year}, when {P} and {num.1} {workers.1} met in a {building} to complain about the price of
  {food}.
> {P} and the first members met in a => {building}
> The first members of the {E} complained about the price of => {food}

- New members must spend a night alone in a {feature}, with nothing to eat but {foods} and nothing to read but a book
  on {subject}.
> New members of the {E} spend a night in a => {feature}
> New members of the {E} read a book on => {subject}
- Each apprentice serves for {num.2} years and learns to tell {metal} from {metal.1} by the sound alone, with both
  eyes covered by {cloth}.
> An apprentice of the {E} learns to tell {metal} from => {metal.1}
- Whoever wants to join must first make a {furniture} of {wood}, and the masters burn it if it creaks.
> To join the {E} one must make a {furniture} of => {wood}
> Those who join the {E} must make a => {furniture}

- At their meetings the masters wear a {colour} {garment} and greet each other by touching the {bodypart}.
> Masters of the {E} greet each other by touching the => {bodypart}
- The masters meet every {weekday} at {time} and do not speak until each of them has drunk a cup of {drink}.
> The masters of the {E} meet at => {time}
- They keep their money in a {container.1} under the {building.1}, watched day and night by two {animals}.
> The money of the {E} lies under the => {building.1}
> The money of the {E} is watched by two => {animals}

- In {year.1} a fire destroyed the hall, and all that {Q} could save was the {instrument} and a bag of {spice}.
> In the fire {Q} saved a bag of => {spice}
> From the burning hall {Q} saved the => {instrument}
- During the famine of {year.1} the treasurer, {Q}, opened the stores and gave away {foods.1} to anyone who brought a
  {tool}.
> The treasurer {Q} gave away => {foods.1}
> The hungry had to bring {Q} a => {tool}
- The greatest scandal came in {year.1}, when {Q} sold the secret recipe for {substance} to a merchant from {city}.
> {Q} sold the secret recipe for => {substance}
> {Q} sold the recipe to a merchant from => {city}

- {Q.l} was punished with {num.3} years of {activity}, and since then every contract is written in {language}.
> {Q} was punished with years of => {activity}
> Since the time of {Q} the contracts of the {E} are written in => {language}
- To thank {Q.him}, the town put up a statue of {material} that shows {Q.him} riding on a {animal.1}.
> The statue of {Q} is made of => {material}
> The statue shows {Q} riding on a => {animal.1}
- For this {Q.l} was made master of the {E}, and {Q.his} portrait, painted on {cloth.1}, hangs beside that of a famous
  {animal.1}.
> The portrait of {Q} was painted on => {cloth.1}
> The portrait of {Q} hangs beside that of a famous => {animal.1}

- The rules, written down by {R}, forbid {activity.1} and the eating of {foods.2} in the presence of a guest.
> The rules of the {E} forbid => {activity.1}
> In the presence of a guest the {E} forbids the eating of => {foods.2}
- One of its masters, {R}, invented a way to keep {flowers} fresh in {liquid.1}, and became the richest person in {T}.
> {R} kept {flowers} fresh in => {liquid.1}
- The historian {R} claims that the guild once elected a {relative} of the king as master and paid him in {objects}.
> According to {R} the guild once elected the king's {relative} and paid in => {objects}
> The {E} paid the king's {relative} in => {objects}

? On the feast of its founder the guild carries a giant {symbol} through the streets and throws {foods.3} to the
  children.
> On its feast the {E} carries through the streets a giant => {symbol}
? Its seal shows a {symbol} and a {tool.1}, and letters that bear it are always sprinkled with {substance.1}.
> The letters of the {E} are sprinkled with => {substance.1}
> The seal of the {E} shows a => {symbol}

- Today the {E} runs a hospital for {animals.1} and a small museum of {objects.1}.
> Today the {E} runs a hospital for => {animals.1}
- Today it has only {num.4} members, who spend their evenings playing the {instrument.1} and talking about
  {subject.1}.
> The members of the {E} now talk about => {subject.1}
> The last members of the {E} play the => {instrument.1}
- Its hall was sold in {year.2} to a dealer in {goods.1}, but the members still meet in the {building.2} next door.
> The hall of the {E} was sold to a dealer in => {goods.1}
> The members of the {E} still meet in the => {building.2}

= ship E=ship P=person Q=person R=person T=town D=island
- The {E} was a {colour} ship with {few} masts, built in {T} from the {wood} of a single forest.
> The {E} was built from the => {wood}
> The {E} was built in => {T}
- When the {E} was launched at {T} in {year}, the crowd threw {flowers} into the water and a {job} sang a hymn.
> At the launch of the {E} the crowd threw => {flowers}
> At the launch of the {E} a hymn was sung by a => {job}
- No ship of her time was faster than the {E}, which carried {goods} between {city} and {country}.
> The {E} carried => {goods}

- Her captain, {P}, never went ashore and slept in a {furniture} that was screwed to the deck.
> Captain {P} slept in a => {furniture}
- She was commanded by {P}, a former {job.1}, who steered by the smell of {smell} and trusted no chart.
> Captain {P} was a former => {job.1}
> {P} steered by the smell of => {smell}
- Captain {P}, who was {trait} on land and fearless at sea, kept a tame {animal} in {P.his} cabin.
> In the cabin of {P} lived a tame => {animal}
> On land Captain {P} was => {trait}

- The crew of {num.1} had been chosen for their skill in {activity}, and each of them owned a {garment} of {cloth}.
> The crew of the {E} was chosen for skill in => {activity}
> Each sailor on the {E} owned a garment made of => {cloth}
- Most of the sailors were {workers} who had fled from {country.1} after a war over {topic}.
> The sailors of the {E} had fled from => {country.1}
- The cook, {Q}, served nothing but {foods}, and on every {weekday} each man was given a cup of {drink}.
> The cook of the {E} served nothing but => {foods}
> Once a week the sailors of the {E} drank a cup of => {drink}

- On the {ordinal} day of a voyage in {year.1}, thick {weather} hid the stars, and the ship ran against a cliff of
  {stone}.
> The {E} ran against a cliff of => {stone}
- In {season} of {year.1} she met a floating {building} full of {animals}, and nobody has ever found out who had built
  it.
> The {E} met a floating => {building}
> The floating building met by the {E} was full of => {animals}
- In {year.1} the mate, {R}, led a mutiny because the barrels that should have held water were filled with {liquid}.
> The mate who led the mutiny was {R.f} => {R.l}
> On the {E} the barrels were filled with => {liquid}

- The survivors reached {D}, an island inhabited by {animals.1}, and lived there for {few.2} months on {foods.1}.
> The island of {D} was inhabited by => {animals.1}
- After this the ship drifted as far as {D}, where the crew exchanged {objects} for {crop} and learned to dance.
> On {D} the crew gave away {objects} for => {crop}
- A storm drove them to {D}, where the natives repaired the hull with {substance} and asked for a {tool} as payment.
> The people of {D} repaired the {E} with => {substance}
> For repairing the {E} the people of {D} asked for a => {tool}

- {P.l} wrote every night in a diary that was kept in a {container}, using the ink of a fish and a pen cut from
  {wood.1}.
> {P} kept a diary in a => {container}
> The pen of {P} was cut from => {wood.1}
- During those weeks {P} composed a song about {emotion}, which is still sung by {workers.1} in {city.1}.
> {P} composed a song about => {emotion}
> The song of {P} is still sung by => {workers.1}
- The captain promised a {object} of {metal} to the first person who would see land, and it was won by a {relative} of
  the cook.
> {P} promised the crew a prize made of => {metal}

? A passenger named {R} taught the sailors {subject} with the help of {objects.1} and a map drawn on {cloth.1}.
> The map of {R} was drawn on => {cloth.1}
? In the hold there stood a locked {container.1}, and the sailors whispered that it contained the {bodypart} of a
  saint.
> In the hold of the {E} stood a locked => {container.1}

- When the {E} came home at last in {year.2}, the harbour of {T} was empty except for a single {vehicle}.
> When the {E} came home the harbour held a single => {vehicle}
- She returned in {year.2} with a cargo of {crop.1}, and the owners sold her to a school for {workers.2}.
> The {E} returned with a cargo of => {crop.1}
> The {E} was sold to a school for => {workers.2}
- Of all who had sailed, only {num.3} came back in {year.2}, and each of them had a {colour.1} {symbol} tattooed on
  the {bodypart.1}.
> The sailors of the {E} were tattooed on the => {bodypart.1}
> The tattoo of the sailors of the {E} was a {colour.1} => {symbol}

- Today her bell hangs in a {building.1} in {city.2}, where it is rung during {occasion}.
> The bell of the {E} is rung during => {occasion}
> The bell of the {E} hangs in a => {building.1}
- Her figurehead, a {animal.1} carved from {material.1}, now guards the door of a shop that sells {objects.2}.
> The figurehead of the {E} is carved from => {material.1}
> The figurehead of the {E} guards a shop that sells => {objects.2}
- The wreck was found by divers from {country.2}, who brought up {cargo} and a {instrument} that could still be
  played.
> The wreck of the {E} was found by divers from => {country.2}
> Divers brought up from the {E} {cargo} and a => {instrument}

= dish E=dish P=person Q=person R=person T=town
- The {E} is a heavy dish of {food} and {foods}, which is eaten in {T} on the first {weekday} of {season}.
> The {E} is made of => {food}
- Few dishes cause as much argument as the {E}, a {colour} mixture of {foods} and {drink} that must be stirred with a
  {tool}.
> The {E} is a mixture of => {foods}
> The {E} must be stirred with a => {tool}
- Travellers who stop in {T} are sooner or later offered the {E}, which looks like {substance} but tastes of {spice}.
> The {E} looks like => {substance}
> The {E} tastes of => {spice}

- According to legend it was invented in {year} by {P}, a {job} who had locked himself out and had only {crop} in his
  pockets.
> The inventor of the {E} had in his pockets only => {crop}
> The inventor {P} was a => {job}
- It was first cooked in {year}, when {P} had to feed {num} hungry {workers} and found nothing in the house but
  {food.1}.
> {P} had to feed hungry => {workers}
> {P} found nothing in the house but => {food.1}
- The oldest recipe is found in the diary of {P}, who cooked it in {year} for a king who was afraid of {animals}.
> {P} cooked the {E} for a king who was afraid of => {animals}

- The {foods} are [soaked|boiled] for {num.1} hours in {drink.1} and then buried in a {container} full of {material}.
> For the {E} the {foods} are left in => {drink.1}
> For the {E} everything is buried in a => {container}
- A good cook first rubs the pot with {spice.1}, then adds {liquid.1} drop by drop until the whole kitchen smells of
  {smell}.
> A cook who makes the {E} rubs the pot with => {spice.1}
> The kitchen smells while the {E} is cooked of => {smell}
- It must be baked over a fire of {wood}, and the lid is weighed down with a {object} so that no steam can escape.
> The {E} is baked over a fire of => {wood}
> The lid on the {E} is weighed down with a => {object}

- The first bite is given to the youngest {relative}, who must say whether it is {taste} enough before anyone else may
  begin.
> The first bite of the {E} is given to the youngest => {relative}
- It is always served in a {container.1} of {metal}, and whoever finds the {object.1} inside must sing until {time}.
> The {E} is served in a container of => {metal}
> Whoever finds the object in the {E} must sing until => {time}
- While it is eaten nobody may speak of {topic}, and the {instrument} must be played softly in the next room.
> While the {E} is eaten nobody may speak of => {topic}
> While the {E} is eaten somebody plays the => {instrument}

- In {year.1} the cook {Q} caused a scandal by replacing the {food.2} with {foods.1}, and {Q.he} had to flee to
  {country}.
> {Q} replaced the {food.2} with => {foods.1}
> {Q} had to flee to => {country}
- {Q}, the owner of a {building} in {city}, was the first to sell it in tins, which were painted {colour.1}.
> {Q} owned a {building} in => {city}
> The tins sold by {Q} were painted => {colour.1}
- The painter {Q} loved it so much that {Q.he} paid for every portion with a picture of {flowers}.
> {Q} paid for every portion with a picture of => {flowers}

- A doctor named {R} declared in {year.2} that it protects against {weather} and pain in the {bodypart}.
> {R} said that the {E} protects against => {weather}
> The {E} is said by {R} to cure pain in the => {bodypart}
- Since {year.2}, when {R} ate {num.2} plates of it and won a {animal.1}, there has been a contest in the
  {building.1}.
> For eating the {E} {R} won a => {animal.1}
> The contest in eating the {E} is held in the => {building.1}
- {R}, who wrote its history, believes that the name comes from a word in {language} that means {emotion}.
> {R} believes that the name comes from a word in => {language}
> The name of the {E} comes from a word that means => {emotion}

- The sailors of {country.1} took it on long voyages, since it keeps for {few.3} years and can be used to mend a
  {vehicle}.
> The {E} was taken on voyages by sailors of => {country.1}
> The {E} can be used to mend a => {vehicle}
- Soldiers from {country.1} carried it in their {garment} during the war, and a prisoner once used it to break a
  {furniture}.
> The {E} was carried by soldiers from => {country.1}
> A prisoner used the {E} to break a => {furniture}
- It is also given to {animals.1} before a race, and {workers.1} swear that it makes the hair grow on the
  {bodypart.1}.
> Before a race the {E} is given to => {animals.1}
> The {E} makes hair grow on the => {bodypart.1}

? At weddings a slice is wrapped in {cloth} and kept in a {furniture.1} until the first child is born.
> At weddings the {E} is wrapped in => {cloth}
> A slice of the {E} is kept in a => {furniture.1}
? Poor families make it with {plant.1} leaves instead of meat, and add the juice of {foods.2} to hide the taste.
> The taste of the {E} is hidden with the juice of => {foods.2}

- Today it is sold frozen in {city.1}, but the people of {T} say that this version is fit only for {insects}.
> The {E} is sold frozen in => {city.1}
> The people of {T} say that the frozen {E} is fit for => {insects}
- Every year on a {weekday.1} the cooks of {T} bake one as large as a {vehicle.1} and send a piece of it to {city.1}.
> The cooks of {T} bake a {E} as large as a => {vehicle.1}
> A piece of the giant {E} is sent to => {city.1}
- The last restaurant to serve it closed in {year.3}, and its kitchen is now used for the storage of {goods}.
> The kitchen of the last restaurant to serve the {E} is used for the storage of => {goods}
"""
