"""A long life: ``python -m tests.reliability.soak --steps 1000 --json`` does random things to a memory and checks each.

Beside the memory a plain list stands for what should be remembered. After every step the items, the layers and the
whole memory are checked, some of what is stored is asked, something that was forgotten is asked too, and unrelated text
must be answered to the bit as by the untouched model. Time and memory use must be flat: their slopes are reported.
"""

from __future__ import annotations

import argparse
import dataclasses
import gc
import json
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bdh_workbench.asking.ask import score_answer
from bdh_workbench.errors import UserError
from bdh_workbench.inputs.items import Fact, TextDocument
from bdh_workbench.memory.files.format import check_memory
from bdh_workbench.memory.files.memory_file import load_memory_of, save_memory
from bdh_workbench.memory.settings import WriteSettings
from bdh_workbench.memory.store import manage
from bdh_workbench.memory.store.state import Memory
from bdh_workbench.memory.writing.writer import finish, write
from bdh_workbench.model.loading import Model, load_model
from bdh_workbench.reading.reader import Reader
from tests.core_factory import many_facts
from tests.model_factory import save_tiny_model
from tests.reliability.bench import FILES

MOST_LAYERS = 12  # that are kept: with more, a time per step that grows would be no fault
PLACES = "harbour market bridge tower garden museum station library mill castle".split()
UNRELATED = "The weather in the north was cold that year, and people stayed at home until spring came."


@dataclass(slots=True)
class Layer:
    """What one write put in, as a plain list."""

    facts: list[Fact]
    documents: list[TextDocument]
    on: bool = True


class Soak:
    """A memory, and what it should hold."""

    def __init__(self, model: Model, facts: list[Fact], seed: int, folder: Path) -> None:
        self.model, self.random, self.folder = model, random.Random(seed), folder
        self.unused = facts
        self.random.shuffle(self.unused)
        self.memory: Memory | None = None
        self.layers: dict[int, Layer] = {}
        self.gone: list[Fact] = []
        self.done: Counter[str] = Counter()
        self.asked = self.right = self.looked = self.closed = 0
        self.documents = 0
        ids = torch.tensor([model.tokenizer.encode(UNRELATED)])
        self.unrelated, self.bare = ids, Reader(model).advance(ids).stream

    # What is done

    def write(self) -> None:
        """Write a few facts, now and then a document."""
        facts = [self.unused.pop() for _ in range(self.random.randint(1, 3))]
        documents = []
        if not self.random.randrange(4):
            self.documents += 1
            place = self.random.choice(PLACES)
            text = (
                f"The old {place} number {self.documents} lies by the river. It was built of {facts[0].answer} stone."
            )
            documents = [TextDocument(f"Document {self.documents}", text)]
        self.memory = self._written(self.memory, facts, documents)
        self.layers[max(layer.number for layer in self.memory.layers)] = Layer(facts, documents)

    def merge(self) -> None:
        """Write another memory and merge it with this one."""
        if self.memory is None:
            return self.write()
        facts = [self.unused.pop() for _ in range(self.random.randint(1, 3))]
        other = self._written(None, facts, [])
        before = [self.layers[layer.number] for layer in self.memory.layers]
        self.memory = manage.merge([self.memory, other])
        found = {fact.prompt: fact for layer in before for fact in layer.facts} | {fact.prompt: fact for fact in facts}
        texts = {document.title: document for layer in before for document in layer.documents}
        # Layers are numbered again in the order of their times, which may be equal: the items say which is which.
        self.layers = {}
        for layer in self.memory.layers:
            items = [item for item in self.memory.items if item.layer == layer.number]
            own = Layer([found.pop(i.prompt) for i in items if i.kind == "fact"],
                        [texts.pop(i.title) for i in items if i.kind == "document"], layer.enabled)  # fmt: skip
            self.layers[layer.number] = own
        assert not found and not texts, "a merge lost something"
        states = sorted((len(layer.facts), layer.on) for layer in [*before, Layer(facts, [])])
        assert states == sorted((len(layer.facts), layer.on) for layer in self.layers.values()), (
            "a merge mixed layers up"
        )
        return None

    def forget(self) -> None:
        """Forget one item."""
        if self.memory is None or not self.memory.items:
            return
        index = self.random.randrange(len(self.memory.items))
        item = self.memory.items[index]
        self.memory = manage.forget(self.memory, index)
        layer = self.layers[item.layer]
        self.gone += [fact for fact in layer.facts if fact.prompt == item.prompt]
        layer.facts = [fact for fact in layer.facts if fact.prompt != item.prompt or item.kind != "fact"]
        layer.documents = [d for d in layer.documents if d.title != item.title or item.kind != "document"]
        if not layer.facts and not layer.documents:
            del self.layers[item.layer]

    def undo(self) -> None:
        """Take the newest layer back."""
        if self.memory is None or not self.memory.layers:
            return
        self.memory = manage.undo(self.memory)
        self.gone += self.layers.pop(max(self.layers)).facts

    def switch(self) -> None:
        """Switch a layer off or on."""
        if self.memory is None or not self.layers:
            return
        number = self.random.choice(sorted(self.layers))
        self.layers[number].on = not self.layers[number].on
        self.memory = manage.set_layer(self.memory, number, self.layers[number].on)

    def reopen(self) -> None:
        """Save, load, and compare to the bit."""
        if self.memory is None:
            return
        path = self.folder / "soak.safetensors"
        save_memory(path, self.memory)
        loaded = load_memory_of(path, self.model)
        for name in ("values", "strengths", "slots", "cues", "tokens", "items"):
            assert torch.equal(getattr(loaded.rows, name), getattr(self.memory.rows, name)), name
        assert torch.equal(loaded.weights, self.memory.weights) and loaded.items == self.memory.items
        self.memory = loaded

    # What must hold

    def check(self) -> None:
        """Compare the memory with the plain list, and ask it."""
        memory = self.memory
        if memory is None:
            return
        check_memory(memory)
        found = sorted((item.layer, item.kind, item.prompt or item.title) for item in memory.items)
        wanted = [(n, "fact", fact.prompt) for n, layer in self.layers.items() for fact in layer.facts]
        wanted += [(n, "document", d.title) for n, layer in self.layers.items() for d in layer.documents]
        assert found == sorted(wanted), "the items are not those that were written"
        assert {layer.number: layer.enabled for layer in memory.layers} == {n: p.on for n, p in self.layers.items()}
        reader = Reader(self.model, memory)
        held = [fact for layer in self.layers.values() if layer.on for fact in layer.facts]
        for fact in self.random.sample(held, min(3, len(held))):
            self.asked += 1
            self.right += bool(score_answer(reader, fact.prompt, fact.answer).greedy_correct)
        off = [fact for layer in self.layers.values() if not layer.on for fact in layer.facts] + self.gone[-20:]
        for fact in self.random.sample(off, min(1, len(off))):
            ids = torch.tensor([self.model.tokenizer.encode(fact.prompt)])
            row = int(reader.advance(ids).rows[0, -1])
            assert row < 0 or memory.items[int(memory.rows.items[row])].prompt != fact.prompt, "read what is gone"
        reading = reader.advance(self.unrelated)
        closed = reading.rows < 0
        self.looked += closed.numel()
        self.closed += int(closed.sum())
        assert torch.equal(reading.stream[closed], self.bare[closed]), "text was changed where nothing was read"

    def step(self) -> str:
        """Do one thing and check; returns its name."""
        acts: list[tuple[Callable[[], None], int]] = [
            (self.write, 5), (self.merge, 2), (self.forget, 4), (self.undo, 2), (self.switch, 2), (self.reopen, 3),
        ]  # fmt: skip
        (act,) = self.random.choices([act for act, _ in acts], [weight for _, weight in acts])
        if len(self.layers) >= MOST_LAYERS:
            act = self.undo if self.random.randrange(2) else self.forget
        before = self.memory
        try:
            act()
        except UserError as error:
            assert "slots" in str(error) and self.memory is before, error
        self.check()
        self.done[act.__name__] += 1
        return act.__name__

    def _written(self, memory: Memory | None, facts: list[Fact], documents: list[TextDocument]) -> Memory:
        result = finish(write(self.model, memory, facts, documents, WriteSettings(framings=1)))
        return dataclasses.replace(result.memory, title="Soak")


def resident() -> float:
    """Memory that this process holds, in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / (1 << 20)


def slope(values: list[float]) -> float:
    """Change over the whole run along the best line, as a share of the mean; the first tenth is left out."""
    kept = np.array(values[len(values) // 10 :])
    rise = np.polyfit(np.arange(len(kept)), kept, 1)[0] * len(kept)
    return float(rise / kept.mean())


def soak(model: Model, facts: list[Fact], steps: int, seed: int = 0, watch: int = 0) -> dict[str, Any]:
    """Live for so many steps; returns the counts."""
    seconds: list[float] = []
    held: list[float] = []
    rows: list[float] = []
    gc.collect()
    gc.freeze()  # what is there already is not to be looked through after every step
    with tempfile.TemporaryDirectory() as folder:
        life = Soak(model, facts, seed, Path(folder))
        for number in range(steps):
            begun = time.process_time()
            name = life.step()
            seconds.append(time.process_time() - begun)
            gc.collect()
            held.append(resident())
            rows.append(float(len(life.memory.rows)) if life.memory is not None else 0.0)
            if watch and number % watch == 0:
                print(f"{number}: {name}, {len(life.layers)} layers, {held[-1]:.0f} MiB", file=sys.stderr, flush=True)
    gc.unfreeze()
    return {
        "model": model.name, "steps": steps, "seed": seed, "done": dict(life.done), "asked": life.asked,
        "answered_right": life.right / max(1, life.asked), "unrelated_closed": life.closed / max(1, life.looked),
        "mean_step_ms": 1000 * float(np.mean(seconds)),
        "time_slope": slope(seconds), "memory_mib": held[-1], "memory_slope": slope(held),
        "rows": float(np.mean(rows)), "rows_slope": slope(rows),
    }  # fmt: skip


def main() -> int:
    """Run it; 0 if everything held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--model", default="tiny", help="tiny, or a model's name or folder")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    if args.model == "tiny":
        with tempfile.TemporaryDirectory() as folder:
            model = load_model(str(save_tiny_model(Path(folder) / "tiny")), torch.device("cpu"))
            assert all((model.folder / name).is_file() for name in FILES)
    else:
        model = load_model(args.model, torch.device("cpu"))
    report = soak(model, many_facts(6 * args.steps, answer=2), args.steps, args.seed, watch=50)
    print(json.dumps(report) if args.json else report)
    return 0


if __name__ == "__main__":
    sys.exit(main())
