"""How surely a stored text is recited: the probability of each of its tokens, given the words before it."""

from __future__ import annotations

from collections.abc import Callable

import torch

from bdh_workbench.asking.decoding import read_long
from bdh_workbench.inputs.as_read import AsRead
from bdh_workbench.memory.store.state import ItemRecord
from bdh_workbench.reading.reader import Reader
from bdh_workbench.session.records.events import TokenHeat

HEAT_TOKENS = 4096  # tokens after which what is known so far is passed on


def item_text(item: ItemRecord) -> str:
    """The text of an item as a person reads it: of a fact its prompt and answer. Empty where no words were kept."""
    if item.kind == "document":
        return item.text or ""
    space = "" if not item.prompt or item.prompt[-1].isspace() else " "
    return f"{item.prompt}{space}{item.answer}"


@torch.no_grad()
def recite(
    reader: Reader,
    item: ItemRecord,
    passed: Callable[[tuple[TokenHeat, ...], float], None],
    checkpoint: Callable[[], None] = lambda: None,
) -> tuple[TokenHeat, ...]:
    """Read a stored item with the memory and see how probable each token is, given the true ones before it.

    Args:
        reader: the model with the memory.
        item: whose words were kept; of a fact only the answer's tokens are looked at.
        passed: called now and then with all tokens so far and the share of the text that is done.
        checkpoint: called between parts; what it raises ends the reading.

    Returns:
        In reading order, the place of each token in ``item_text`` and its probability. The first token of a document
        has nothing before it and is left out.
    """
    tokenizer, text = reader.model.tokenizer, item_text(item)
    read = AsRead.of(text)
    start = len(read.text) - len(read.text.lstrip())
    body = read.text.strip()
    ids, spans = tokenizer.encode_with_spans(body)
    asked = 0 if item.kind == "document" else len(AsRead.of(item.prompt).text.rstrip()) - start
    heat: list[TokenHeat] = []
    if len(ids) < 2:
        return ()
    device = reader.model.device
    passed_at = 0
    for first, reading in read_long(reader, torch.tensor([ids[:-1]], device=device), checkpoint=checkpoint):
        p = reader.logits(reading)[0].float().softmax(-1)
        targets = torch.tensor(ids[first + 1 : first + 1 + len(p)], device=device)
        chosen = p.gather(1, targets[:, None])[:, 0].tolist()
        for place, value in enumerate(chosen, start=first + 1):
            begin, stop = spans[place]
            if stop > asked:
                heat.append(TokenHeat(read.origin(start + begin), read.origin(start + stop), value))
        if first - passed_at >= HEAT_TOKENS:
            passed_at = first
            passed(tuple(heat), first / len(ids))
    return tuple(heat)
