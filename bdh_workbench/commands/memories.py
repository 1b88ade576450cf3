"""`inspect`, `list`, `merge` and `forget`: what is done with whole memory files."""

from __future__ import annotations

import argparse

from bdh_workbench.commands import common
from bdh_workbench.commands.console import Console, table
from bdh_workbench.inputs.items import composed
from bdh_workbench.wording import percent, plural, probability, shortened


def add_inspect_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``inspect``."""
    parser.add_argument("memory", metavar="MEMORY", help="a memory file, or the title of a memory in the library")


def run_inspect(args: argparse.Namespace, console: Console) -> None:
    """Tell what a memory file contains; needs no model."""
    from bdh_workbench.memory.files.contents import inspect
    from bdh_workbench.memory.files.memory_file import load_memory

    path = common.memory_path(args.memory)
    contents = inspect(load_memory(path))
    size = f"{plural(len(contents['items']), 'item')} in {plural(len(contents['layers']), 'layer')}"
    lines = [
        f"{contents['title'] or path.name}: {size}",
        f"model {contents['model']} ({contents['fingerprint'][:8]}) · rank {contents['rank']:,} in "
        f"{plural(contents['banks'], 'bank')} of {contents['slots']:,} slots, fill {percent(contents['fill'])} · "
        f"{contents['bytes'] / 1e6:.1f} MB",
    ]
    if contents["note"]:
        lines.append(contents["note"])
    for layer in contents["layers"]:
        off = "" if layer["enabled"] else ", switched off"
        lines.append(f"\nlayer {layer['number']}, {layer['created']}{off}: {layer['title']}")
        rows = [
            (
                str(number),
                item["kind"],
                shortened(item["title"]),
                shortened(item["answer"], 30),
                plural(item["tokens"], "token"),
                f"p {probability(item['p_before'])} → {probability(item['p_after'])}",
            )
            for number, item in enumerate(contents["items"])
            if item["layer"] == layer["number"]
        ]
        if rows:
            lines.append(table(rows, "  "))
    console.result({"path": str(path)} | contents, "\n".join(lines))


def add_list_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``list``: there are none."""


def run_list(args: argparse.Namespace, console: Console) -> None:
    """List the memories of the library and the models that come with the program; needs neither torch nor a model."""
    from bdh_workbench.memory.files.library import BrokenEntry, default_library
    from bdh_workbench.resources import bundled_model_names

    library = default_library()
    memories, broken, rows = [], [], []
    for entry in library.entries():
        if isinstance(entry, BrokenEntry):
            broken.append({"path": str(entry.path), "reason": entry.reason})
            continue
        memories.append(
            {
                "path": str(entry.path),
                "title": entry.title,
                "note": entry.note,
                "model": entry.model_name,
                "fingerprint": entry.model,
                "items": entry.items,
                "facts": entry.facts,
                "documents": entry.documents,
                "layers": entry.layers,
                "rank": entry.rank,
                "slots": entry.slots,
                "fill": entry.fill,
                "created": entry.created,
                "modified": entry.modified,
                "bytes": entry.bytes,
            }
        )
        rows.append(
            (
                shortened(entry.title or entry.path.stem),
                plural(entry.items, "item"),
                f"fill {percent(entry.fill)}",
                entry.model_name,
                entry.modified[:10],
                entry.path.name,
            )
        )
    models = bundled_model_names()
    lines = [f"{plural(len(rows), 'memory')} in {library.folder}"]
    if rows:
        lines.append(table(rows, "  "))
    lines += [f"  {entry['reason']}" for entry in broken]
    lines.append(f"Models: {', '.join(models) or 'none'}")
    record = {"folder": str(library.folder), "memories": memories, "broken": broken, "models": models}
    console.result(record, "\n".join(lines))


def add_merge_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``merge``."""
    parser.add_argument("memories", metavar="MEMORY", nargs="+", help="two or more memory files of one model")
    parser.add_argument("--memory", metavar="OUT", required=True, help="the new memory file")
    parser.add_argument("--title", default="", help="title of the memory")
    parser.add_argument(
        "--keep",
        choices=("first", "last", "both"),
        help="which of two answers to one prompt, or of two versions of a document, to keep: that of the first "
        "or of the last memory; or both versions (then two answers are refused); without this option, "
        "such memories are not merged",
    )


def run_merge(args: argparse.Namespace, console: Console) -> None:
    """Make one memory of several; the model is needed only where some of a bank is left out."""
    if len(args.memories) < 2:
        raise common.UsageError("there is nothing to merge: name two or more memory files")
    target = common.check_target(args.memory)
    from bdh_workbench.memory.files.memory_file import load_memory
    from bdh_workbench.memory.store.conflicts import merge_notes
    from bdh_workbench.memory.store.manage import merge, merge_conflicts

    with common.renewing_target(args, console):
        parts = [load_memory(common.memory_path(name)) for name in args.memories]
        for part in parts:
            common.bind_model(args, console, part)
        console.progress("Merging")
        merged = merge(parts, composed(" ".join(args.title.split())), keep=args.keep)
        conflicts = merge_conflicts(parts, args.keep)
        gone = 0 if args.keep == "both" else len(conflicts)
        repeated = sum(len(part.items) for part in parts) - gone - len(merged.items)
        record = common.save(target, merged) | {
            "merged": list(args.memories),
            "conflicts": [conflict.record() for conflict in conflicts],
            "repeated": repeated,
        }
    size = f"{plural(len(merged.items), 'item')}, fill {percent(merged.fill)}"
    lines = [f"Merged {len(parts)} memories into {target}: {size}."]
    lines += [f"{head}: {names}." for head, names in merge_notes(conflicts, args.keep)]
    lines += common.name_notes(record)
    if repeated:
        lines.append(f"{plural(repeated, 'item')} that another memory contains too: stored once.")
    console.result(record, "\n".join(lines))


def add_forget_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``forget``."""
    parser.add_argument("source", metavar="MEMORY", help="a memory file, or the title of a memory in the library")
    parser.add_argument(
        "--item", metavar="TITLE", action="append", required=True, help="title, prompt or number of an item; repeatable"
    )
    parser.add_argument("--memory", metavar="OUT", required=True, help="the new memory file; may be MEMORY")


def run_forget(args: argparse.Namespace, console: Console) -> None:
    """Make a memory without some of its items; the model is needed where a bank keeps others."""
    target = common.check_target(args.memory)
    from bdh_workbench.memory.files.memory_file import load_memory
    from bdh_workbench.memory.store.manage import find_items, forget

    with common.renewing_target(args, console):
        memory = load_memory(common.memory_path(args.source))
        common.bind_model(args, console, memory)
        gone = [memory.items[i].title for i in dict.fromkeys(i for name in args.item for i in find_items(memory, name))]
        console.progress("Forgetting")
        left = forget(memory, args.item)
        record = common.save(target, left) | {"forgotten": gone}
    said = (
        f"Forgot {', '.join(f'“{shortened(title)}”' for title in gone)}; {target} has "
        f"{plural(len(left.items), 'item')}, fill {percent(left.fill)}."
    )
    console.result(record, "\n".join([said, *common.name_notes(record)]))
