# ruff: noqa: RUF001
"""A stored document of any language stays shut for other text of the same language, and opens for its own."""

from __future__ import annotations

import pytest
import torch

from bdh_workbench.asking.ask import ask
from bdh_workbench.inputs.items import Fact, TextDocument
from bdh_workbench.memory.writing.writer import finish, write
from bdh_workbench.model.loading import Model
from bdh_workbench.reading.reader import Reader

ALLOWED = 0.01  # share of the positions of unrelated text at which a memory may be read
# A document, a sentence of it up to where something follows, and text about something else.
TEXTS = {
    "ru": (
        "Старая мельница на реке Вельде была построена из дуба в 1743 году. Её жернова привезли с "
        "острова на двух баржах. "
        "Последний мельник хранил муку в медных бочках. Сегодня в здании работает небольшой музей часов.",
        "Последний мельник хранил муку в",
        "Осенью рыбаки возвращаются в порт раньше, чем обычно, потому что ветер дует с севера. На рынке "
        "продают сельдь, "
        "яблоки и шерсть. Дети помогают родителям носить корзины, а вечером все собираются у костра и "
        "поют песни. "
        "Зимой дороги закрыты, и письма приходят только раз в месяц.",
    ),
    "de": (
        "Die alte Mühle an der Velde wurde im Jahr 1743 aus Eichenholz gebaut. Ihre Mühlsteine kamen "
        "auf zwei Kähnen von "
        "einer Insel. Der letzte Müller lagerte das Mehl in kupfernen Fässern. Heute ist in dem Haus "
        "ein Uhrenmuseum.",
        "Der letzte Müller lagerte das Mehl in",
        "Im Herbst kehren die Fischer früher in den Hafen zurück, weil der Wind aus dem Norden weht. "
        "Auf dem Markt werden "
        "Heringe, Äpfel und Wolle verkauft. Die Kinder helfen den Eltern, die Körbe zu tragen, und am "
        "Abend sitzen alle "
        "am Feuer und singen Lieder. Im Winter sind die Straßen gesperrt, und Briefe kommen nur einmal "
        "im Monat.",
    ),
    "zh": (
        "河边的老磨坊建于一七四三年，用的是橡木。磨石是用两条船从岛上运来的。最后一位磨坊主把面粉存放在铜桶里。今天楼里有一座钟表博物馆。",
        "最后一位磨坊主把面粉存放在",
        "秋天渔民比平常更早回到港口，因为风从北方吹来。市场上卖鲱鱼、苹果和羊毛。孩子们帮父母提篮子，晚上大家围着火堆唱歌。"
        "冬天道路封闭，信件每个月只来一次。",
    ),
}


@pytest.mark.parametrize("language", TEXTS)
def test_other_text_of_the_language_of_a_document_stays_shut(bundled: Model, language: str) -> None:
    stored, beginning, other = TEXTS[language]
    reader = Reader(bundled, finish(write(bundled, None, (), [TextDocument("mill", stored)])).memory)
    rows = reader.advance(torch.tensor([bundled.tokenizer.encode(other)])).rows
    assert float((rows >= 0).float().mean()) <= ALLOWED
    assert int(reader.advance(torch.tensor([bundled.tokenizer.encode(beginning)])).rows[0, -1]) >= 0


# Facts of one form, then prompts and questions that are about none of them, and one that is about the third.
ALIKE = {
    "en": ("The password for lock {} is", ("Password for lock 77", "What is the password for lock 77?")),
    "de": ("Das Passwort für Schleuse {} ist", ("Passwort der Schleuse 77", "Passwort für Schleuse 77")),
    "ru": ("Пароль для шлюза {} -", ("Пароль шлюза 77", "Пароль для шлюза 77", "Какой пароль для шлюза 77?")),
    "fr": ("Le mot de passe de l'écluse {} est", ("Le mot de passe de l'écluse 77", "Écluse 77, mot de passe")),
    "ja": ("水門{}の暗証番号は", ("水門77の暗証番号は", "水門77の暗証番号は何ですか")),
    "hi": ("ताला {} का पासवर्ड है", ("ताला 77 का पासवर्ड", "ताला ७७ का पासवर्ड है")),
}


@pytest.mark.parametrize("language", ALIKE)
def test_another_number_keeps_a_fact_shut_in_any_language(bundled: Model, language: str) -> None:
    form, others = ALIKE[language]
    facts = [
        Fact(form.format(number), answer)
        for number, answer in zip(range(12, 16), ("wyrm", "kelp", "moss", "fern"), strict=True)
    ]
    reader = Reader(bundled, finish(write(bundled, None, facts, ())).memory)
    for prompt in (form.format(77), *others):
        assert int(reader.advance(torch.tensor([bundled.tokenizer.encode(prompt)])).rows[0, -1]) < 0, prompt
        assert not ask(reader, prompt, kind="question").answer, prompt
    assert ask(reader, form.format(14), kind="beginning").answer == "moss"
