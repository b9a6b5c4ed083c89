"""Pages of the manual that are made from the code and its data, so that they cannot say anything else (a MkDocs hook)."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from mkdocs.structure.files import File
from pydantic import BaseModel

import screener
from screener.cli.app import COMMANDS, load_command
from screener.terms.say import LANGS, Lang, area_sentences
from screener.thesis.library import open_library
from screener.thesis.scale import RatingScale
from screener.thesis.thesis import Thesis

MADE_HEADS = {
    "commands": ("命令", "Commands"),
    "houses": ("各家承诺什么", "What each house promises"),
    "failures": ("数据缺失时", "When data fails"),
    "python": ("Python", "Python"),
}


def on_files(files: Any, config: Any) -> Any:
    """Add every made page in both languages to the site."""
    for lang in LANGS:
        for name, content in made_pages(lang).items():
            files.append(File.generated(config, f"{lang}/{name}.md", content=content))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Put the tables of fields in the place of their marks."""
    lang: Lang = "en" if page.file.src_path.startswith("en") else "zh"
    for name, model in (("thesis", Thesis), ("scale", RatingScale)):
        markdown = markdown.replace(f"<!-- made: {name} -->", fields_table(model, lang))
    return markdown


def fields_table(model: type[BaseModel], lang: Lang) -> str:
    """Every field of a file by the name that the file gives it: its type, and whether it must be there."""
    schema = model.model_json_schema(by_alias=True)
    heads = ("| 字段 | 类型 | 必需 |", "| field | type | needed |")[LANGS.index(lang)]
    yes = ("是", "yes")[LANGS.index(lang)]
    needed = set(schema.get("required", ()))
    rows = [
        f"| `{name}` | {_cell(_type_of(each))} | {yes if name in needed else ''} |"
        for name, each in schema["properties"].items()
    ]
    return "\n".join([heads, "|---|---|---|", *rows])


def _type_of(field: dict[str, Any]) -> str:
    if "anyOf" in field:
        return " / ".join(_type_of(each) for each in field["anyOf"] if each.get("type") != "null")
    if "enum" in field or "const" in field:
        return " / ".join(map(str, field.get("enum", [field.get("const")])))
    if field.get("type") == "array":
        return f"[{_type_of(field.get('items', {}))}]"
    return str(field.get("format") or field.get("type") or field.get("$ref", "").rsplit("/", 1)[-1])


def made_pages(lang: Lang) -> dict[str, str]:
    """Name → Markdown of every made page in `lang`."""
    makers = {"commands": commands_page, "houses": houses_page, "failures": failures_page, "python": python_page}
    return {name: f"# {MADE_HEADS[name][LANGS.index(lang)]}\n\n{make(lang)}\n" for name, make in makers.items()}


def commands_page(lang: Lang) -> str:
    """Every command with its options, as `--help` shows them."""
    return "\n\n".join(part for name in COMMANDS for part in _command(load_command(name, lang), f"screener {name}", lang))


def _command(command: Any, path: str, lang: Lang) -> Iterator[str]:
    if getattr(command, "commands", None):
        for name, part in command.commands.items():
            yield from _command(part, f"{path} {name}", lang)
        return
    yield f"## `{path}`\n\n{command.help}"
    if command.epilog:
        yield command.epilog.replace("：", "：`", 1).replace(": ", ": `", 1) + "`"
    heads = ("| 参数 | 说明 |", "| parameter | meaning |")[LANGS.index(lang)]
    rows = [f"| `{_title(each)}` | {_cell(each.help or '')} |" for each in command.params if each.name != "debug"]
    yield "\n".join([heads, "|---|---|", *rows])


def _title(param: Any) -> str:
    own = param.metavar if param.param_type_name == "argument" else " ".join([param.opts[-1], param.metavar or ""]).strip()
    return str(own).replace("|", "\\|")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def houses_page(lang: Lang) -> str:
    """Every edition of every house's standard: months, window, measure and bands."""
    scales = sorted(open_library().editions(), key=lambda scale: (scale.house, scale.edition_from or ""))
    note = (
        "一份报告按其日期所在的版本判定；`unconfirmed` 的版本只见于一份报告，只在点名时使用。",
        "A report is judged by the edition of its own date; an `unconfirmed` one was seen once and is used only by name.",
    )[LANGS.index(lang)]
    heads = (
        "| 机构 | 版本 | 见于 | 对象 | 月数 | 区间（好到差） |",
        "| house | edition | seen | kind | months | bands, best first |",
    )[LANGS.index(lang)]
    rows = [row for scale in scales for row in _edition_rows(scale, lang)]
    return "\n".join([note, "", heads, "|---|---|---|---|---|---|", *rows])


def _edition_rows(scale: RatingScale, lang: Lang) -> Iterator[str]:
    house = scale.house if lang == "zh" else scale.house_en or scale.house
    seen = f"{scale.edition_from or '?'} – {scale.edition_to or '?'}" + (" unconfirmed" if scale.unconfirmed else "")
    for kind, ladder in (("stock", scale.own_stock), ("industry", scale.own_industry)):
        if ladder is not None:
            months = f"{ladder.window.from_months}–{ladder.window.to_months}"
            yield f"| {house} | `{scale.id}` | {seen} | {kind} | {months} | {_cell(ladder.text(lang))} |"


def failures_page(lang: Lang) -> str:
    """Every sentence that says why a figure is missing or an input is refused, by code."""
    place = LANGS.index(lang)
    heads = ("| 代码 | 说法 |", "| code | what it says |")[place]
    rows = [f"| `{code}` | {_cell(texts[place])} |" for code, texts in sorted(area_sentences("gaps").items())]
    lead = (
        "缺口是一个值，不是 0：每处缺口都带原因。下面按代码列出全部说法；花括号里是当时的标的、日期或数值。",
        "A gap is a value, never 0, and each says why. Every sentence by its code; braces hold the symbol, day or value.",
    )[place]
    return "\n".join([lead, "", heads, "|---|---|", *rows])


def python_page(lang: Lang) -> str:
    """The public interface from its docstrings."""
    lead = (
        "每个函数与一条命令相同，返回的结果带 `.frame`、`.named()`、`.chart()`、`.to_excel()`。",
        "Each function is one command; its result has `.frame`, `.named()`, `.chart()`, `.to_excel()`.",
    )[LANGS.index(lang)]
    parts = [lead]
    for name in sorted(screener.__all__):
        value = getattr(screener, name)
        if callable(value) and inspect.getdoc(value):
            signature = str(inspect.signature(value)) if inspect.isfunction(value) else ""
            parts.append(f"## `{name}`\n\n```text\n{name}{signature}\n```\n\n```text\n{inspect.getdoc(value)}\n```")
    return "\n\n".join(parts)
