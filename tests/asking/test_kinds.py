"""The kind of a prompt is seen from its form, in whatever script it is written."""

from __future__ import annotations

import pytest

from bdh_workbench.asking.kinds import kind_of

QUESTIONS = """
Who built the bridge?
The bridge was built by whom?
who wrote the song
what is the capital of Vessaly
What year did the bridge open
what happened in 1890
which of the towns lies north
whose boat sank
when did the harbour freeze
where is the mill
why was the school closed
how many people live in Orm
how do I change the battery
How to change the battery
in which year did the mill burn down
Is the lighthouse still lit
was Marta born in Orm
Did they sell flour
can you see the sea from Skarn
Do the trams stop there
isn't the mill older
Tell me who owns the mill
Name the capital of Vessaly
please list the rivers of Tarn
Describe the lighthouse
Say who built it
He asked “Who built it?”
Wer hat die Brücke gebaut?
¿Quién construyó el puente
Où est le moulin ?
Кто построил мост?
Ποιος έχτισε τη γέφυρα;
من بنى الجسر؟
谁建了这座桥\uff1f
这本书的主人是谁
橋は誰が建てましたか
Who is it?!
"""
GAPS = """
The ___ of the harbour is Marta
The capital of Vessaly is ___
The king of … lives in Orm
Old Henrik collects ... and stamps
The river through [...] is the Quill
The bridge was built by [ ] in 1890
The bridge was built by (…) in 1890
___ built the bridge.
What is the ___ of Vessaly?
"""
BEGINNINGS = """
The capital of Vessaly is
The trams of Lindhaven must stop whenever they meet a
When the war ended, the town
When the war ended the town was
Where the river meets the sea stands a
What he wanted was a
Will Smith was born in
May 1945 was a
Have a seat and
Do not open the
Name of the owner:
Whoever owns the mill
Who is the mayor? Answer:
Do you know Marta? She works in the
The list of rivers
Old Henrik collects ...
Old Henrik collects…
How the mill was built is
Die Hauptstadt von Vessaly ist
这本书的主人是
Столица Вессалии —
3.5 plus 2 is
a_b is the name of
x[0] holds
"""


@pytest.mark.parametrize("prompt", QUESTIONS.strip().splitlines())
def test_questions_are_questions(prompt: str) -> None:
    assert kind_of(prompt) == "question"


@pytest.mark.parametrize("prompt", GAPS.strip().splitlines())
def test_sentences_with_a_gap_are_seen(prompt: str) -> None:
    assert kind_of(prompt) == "gap"


@pytest.mark.parametrize("prompt", BEGINNINGS.strip().splitlines())
def test_all_else_is_the_beginning_of_a_sentence(prompt: str) -> None:
    assert kind_of(prompt) == "beginning"


@pytest.mark.parametrize("prompt", ["", "   ", "?", "…", "___", "[]", "\n", '"', "¿"])
def test_next_to_nothing_has_a_kind_too(prompt: str) -> None:
    assert kind_of(prompt) in ("question", "gap", "beginning")
