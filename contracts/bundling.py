"""Documents that say only how they differ from another: `x-like` is resolved here, so that readers see a whole one.

An object with `x-like: "other.yaml#/pointer"` is the object there, with its own members laid over it.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

LIKE: Final = "x-like"
VALUES: Final = "x-values"
METHODS: Final = ("get", "post", "put", "patch", "delete")

Load = Callable[[str], dict[str, Any]]


def bundle(document: dict[str, Any], load: Load) -> dict[str, Any]:
    """Return the document with every `x-like` resolved; one without any comes back as it is.

    What is taken over is told in this document's words: links lead to its operations, and whole values that `x-values`
    names are replaced. Raises KeyError for a pointer that leads nowhere.
    """
    words = dict(document.get(VALUES, {}))
    for item in document.get("paths", {}).values():
        for method in METHODS:
            if LIKE in item.get(method, {}):
                words[_at(item[method][LIKE], load)["operationId"]] = item[method]["operationId"]
    if not words:
        return document
    return {name: _resolved(value, load, words) for name, value in document.items() if name != VALUES}


def _resolved(node: Any, load: Load, words: Mapping[str, str]) -> Any:
    if isinstance(node, list):
        return [_resolved(item, load, words) for item in node]
    if not isinstance(node, Mapping):
        return node
    own = {name: _resolved(value, load, words) for name, value in node.items() if name != LIKE}
    return _laid_over(_reworded(_at(node[LIKE], load), words), own) if LIKE in node else own


def _reworded(node: Any, words: Mapping[str, str]) -> Any:
    if isinstance(node, Mapping):
        return {name: _reworded(value, words) for name, value in node.items()}
    if isinstance(node, list):
        return [_reworded(item, words) for item in node]
    return words.get(node, node) if isinstance(node, str) else node


def _laid_over(base: Any, over: Any) -> Any:
    """A member of `over` replaces that of `base`, an object is laid over an object, null takes a member away."""
    if not isinstance(over, Mapping):
        return over
    base = base if isinstance(base, Mapping) else {}
    result = dict(base)
    for name, value in over.items():
        if value is None:
            result.pop(name, None)
        elif name == "parameters" and isinstance(value, list):
            result[name] = _parameters(base.get(name, []), value)
        else:
            result[name] = _laid_over(base.get(name), value)
    return result


def _parameters(base: list[Any], over: list[Any]) -> list[Any]:
    """Parameters are known by their names: those of `over` change those of `base` and keep their places."""
    changes = {parameter["name"]: parameter for parameter in over}
    return [_laid_over(parameter, changes.get(parameter["name"], {})) for parameter in base]


def _at(reference: str, load: Load) -> Any:
    file, _, pointer = reference.partition("#")
    node: Any = load(file.removesuffix(".yaml"))
    for step in pointer.split("/")[1:]:
        node = node[step.replace("~1", "/").replace("~0", "~")]
    return node
