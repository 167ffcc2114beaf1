"""Removes redundant reshapes from ONNX graphs of fixed shapes."""

from itertools import chain

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, helper, numpy_helper

Shape = tuple[int, ...]

RESHAPES = ("Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze")


def join_reshapes(model: ModelProto) -> ModelProto:
    """The same model with at most one reshape between any two operations.

    A network that is traced for one frame has many: reshapes between frames, bands and channels of
    a batch, and transpositions of dimensions of 1. None changes the order of the numbers, and each
    takes a little time: those of the shipped network a twentieth of a frame's.

    Args:
        model: with fixed shapes; it is not changed.
    """
    model = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    graph = model.graph
    values = chain(graph.input, graph.value_info, graph.output)
    shapes = {v.name: tuple(d.dim_value for d in v.type.tensor_type.shape.dim) for v in values}
    # Sizes of 0 are those that shape inference could not determine.
    shapes = {name: shape for name, shape in shapes.items() if 0 not in shape}
    shapes |= {weight.name: tuple(weight.dims) for weight in graph.initializer}
    nodes: list[NodeProto] = []
    origins: dict[str, str] = {}
    made: dict[tuple[str, Shape], str] = {}

    def see_as(source: str, shape: Shape, name: str = "") -> str:
        """The name of a value with the given shape; adds a reshape if needed."""
        if not name and shapes[source] == shape:
            return source
        if name or (source, shape) not in made:
            name = name or f"{source} as {'x'.join(map(str, shape))}"
            sizes = numpy_helper.from_array(np.array(shape, np.int64), f"shape of {name}")
            graph.initializer.append(sizes)
            nodes.append(helper.make_node("Reshape", [source, sizes.name], [name], name))
            made[source, shape] = name
        return made[source, shape]

    for node in graph.node:
        if only_reshapes(node, shapes):
            origins[node.output[0]] = origins.get(node.input[0], node.input[0])
            continue
        for place, name in enumerate(node.input):
            if name in origins:
                node.input[place] = see_as(origins[name], shapes[name])
        nodes.append(node)
    free = {name for node in nodes for name in node.output} - {v.name for v in graph.output}
    for output in graph.output:
        origin = origins.get(output.name, "")
        if origin in free and shapes[origin] == shapes[output.name]:
            rename(nodes, origin, output.name)
            origins = {k: output.name if v == origin else v for k, v in origins.items()}
            free.remove(origin)
        elif origin:
            see_as(origin, shapes[output.name], output.name)
    needed = set(chain((v.name for v in graph.output), *(node.input for node in nodes)))
    del graph.node[:]
    graph.node.extend(node for node in nodes if needed.intersection(node.output))
    return model


def rename(nodes: list[NodeProto], old: str, new: str) -> None:
    """Renames a value in all inputs and outputs of nodes."""
    for names in chain.from_iterable((node.input, node.output) for node in nodes):
        for place, name in enumerate(names):
            if name == old:
                names[place] = new


def only_reshapes(node: NodeProto, shapes: dict[str, Shape]) -> bool:
    """Whether a node's output has the numbers of its input in the same order."""
    if not {*node.input[:1], node.output[0]} <= shapes.keys():
        return False
    if node.op_type != "Transpose":
        return node.op_type in RESHAPES
    (order,) = (helper.get_attribute_value(a) for a in node.attribute)
    long = [axis for axis in order if shapes[node.input[0]][axis] > 1]
    return long == sorted(long)
