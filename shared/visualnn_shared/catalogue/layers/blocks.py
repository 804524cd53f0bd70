"""Blocks that the literature's networks are made of."""

from visualnn_shared.catalogue.block import Build, block
from visualnn_shared.catalogue.common import activation
from visualnn_shared.catalogue.entry import Example, Param, Params
from visualnn_shared.catalogue.kinds import Bool, Float, Int

FILTERS = Param("filters", Int(1), doc="Number of output channels.")
STRIDES = Param("strides", Int(1), 1, "Steps of the first window down and right.")
PROJECTION = Param(
    "projection", Bool(), False,
    "Whether the shortcut is a convolution of 1 x 1: needed where strides or the number of channels change.",
)  # fmt: skip


def _residual(net: Build, p: Params) -> None:
    (x,) = net.inputs
    net.conv_bn("conv1", p["filters"], 3, x, strides=p["strides"])
    y = net.conv_bn("conv2", p["filters"], 3, relu=False)
    if p["projection"]:
        x = net.conv_bn("shortcut", p["filters"], 1, x, relu=False, strides=p["strides"])
    net.add("add", "Add", x, y)
    net.last("ReLU")


block(
    "ResidualBlock",
    doc="Two convolutions of 3 x 3 and a shortcut around them (He et al. 2016, Deep Residual Learning, figure 5 left).",
    params=[FILTERS, STRIDES, PROJECTION],
    build=_residual,
    example=Example(((8, 8, 4),), {"filters": 6, "strides": 2, "projection": True}),
)


def _bottleneck(net: Build, p: Params) -> None:
    (x,) = net.inputs
    net.conv_bn("conv1", p["filters"], 1, x)
    net.conv_bn("conv2", p["filters"], 3, strides=p["strides"])
    y = net.conv_bn("conv3", 4 * p["filters"], 1, relu=False)
    if p["projection"]:
        x = net.conv_bn("shortcut", 4 * p["filters"], 1, x, relu=False, strides=p["strides"])
    net.add("add", "Add", x, y)
    net.last("ReLU")


block(
    "BottleneckBlock",
    doc="Windows of 1, 3 and 1 to four times the filters, and a shortcut around them (He et al. 2016, figure 5 right).",
    params=[Param("filters", Int(1), doc="Channels inside; the output has four times as many."), STRIDES, PROJECTION],
    build=_bottleneck,
    example=Example(((8, 8, 4),), {"filters": 2, "projection": True}),
)


def _inception(net: Build, p: Params) -> None:
    (x,) = net.inputs

    def conv(part: str, filters: int, size: int, *inputs: str) -> str:
        return net.add(part, "Conv2D", *inputs, filters=filters, kernel_size=size, padding="same", activation="relu")

    one = conv("1x1", p["filters_1x1"], 1, x)
    conv("3x3_reduce", p["reduce_3x3"], 1, x)
    three = conv("3x3", p["filters_3x3"], 3)
    conv("5x5_reduce", p["reduce_5x5"], 1, x)
    five = conv("5x5", p["filters_5x5"], 5)
    net.add("pool", "MaxPooling2D", x, pool_size=3, strides=1, padding="same")
    pooled = conv("pool_proj", p["filters_pool"], 1)
    net.last("Concatenate", one, three, five, pooled)


block(
    "InceptionBlock",
    doc="Windows of 1, 3 and 5 and a pool side by side, reduced by 1 x 1 (Szegedy et al. 2015, figure 2b; GoogLeNet).",
    params=[
        Param("filters_1x1", Int(1), doc="Channels of the 1 x 1 branch."),
        Param("reduce_3x3", Int(1), doc="Channels before the 3 x 3 windows."),
        Param("filters_3x3", Int(1), doc="Channels of the 3 x 3 branch."),
        Param("reduce_5x5", Int(1), doc="Channels before the 5 x 5 windows."),
        Param("filters_5x5", Int(1), doc="Channels of the 5 x 5 branch."),
        Param("filters_pool", Int(1), doc="Channels behind the pool."),
    ],
    build=_inception,
    example=Example(((28, 28, 192),), {
        "filters_1x1": 64, "reduce_3x3": 96, "filters_3x3": 128, "reduce_5x5": 16, "filters_5x5": 32,
        "filters_pool": 32,
    }),
)  # fmt: skip


def _fire(net: Build, p: Params) -> None:
    squeezed = net.add("squeeze1x1", "Conv2D", filters=p["squeeze"], kernel_size=1, activation="relu")
    one = net.add("expand1x1", "Conv2D", squeezed, filters=p["expand_1x1"], kernel_size=1, activation="relu")
    three = net.add(
        "expand3x3", "Conv2D", squeezed, filters=p["expand_3x3"], kernel_size=3, padding="same", activation="relu"
    )
    net.last("Concatenate", one, three)


block(
    "FireBlock",
    doc="A squeeze of 1 x 1, then windows of 1 and 3 side by side (Iandola et al. 2016, SqueezeNet, section 3.2).",
    params=[
        Param("squeeze", Int(1), doc="Channels of the squeeze."),
        Param("expand_1x1", Int(1), doc="Channels of the 1 x 1 windows."),
        Param("expand_3x3", Int(1), doc="Channels of the 3 x 3 windows."),
    ],
    build=_fire,
    example=Example(((55, 55, 96),), {"squeeze": 16, "expand_1x1": 64, "expand_3x3": 64}),
)


def _dense_block(net: Build, p: Params) -> None:
    (x,) = net.inputs
    for i in range(1, p["layers"] + 1):
        net.add(f"bn{i}_0", "BatchNormalization", x)
        net.add(f"relu{i}_0", "ReLU")
        net.add(f"conv{i}_1", "Conv2D", filters=4 * p["growth_rate"], kernel_size=1, use_bias=False)
        net.add(f"bn{i}_1", "BatchNormalization")
        net.add(f"relu{i}_1", "ReLU")
        y = net.add(f"conv{i}_2", "Conv2D", filters=p["growth_rate"], kernel_size=3, padding="same", use_bias=False)
        x = net.add(f"concat{i}", "Concatenate", x, y) if i < p["layers"] else net.last("Concatenate", x, y)


block(
    "DenseBlock",
    doc="Layers that each read all before them and add growth_rate channels (Huang et al. 2017, DenseNet-B).",
    params=[
        Param("layers", Int(1, 64), doc="Number of layers in the block."),
        Param("growth_rate", Int(1), 32, "Channels that each layer adds."),
    ],
    build=_dense_block,
    example=Example(((8, 8, 4),), {"layers": 2, "growth_rate": 3}),
)


def _squeeze_excitation(net: Build, p: Params) -> None:
    (x,) = net.inputs
    net.add("pool", "GlobalAveragePooling2D", x, keepdims=True)
    net.add("squeeze", "Conv2D", filters=p["squeeze"], kernel_size=1, activation="relu")
    gate = net.add("excite", "Conv2D", filters=p["channels"], kernel_size=1, activation="sigmoid")
    net.last("Multiply", x, gate)


block(
    "SqueezeExcitation",
    doc="Each channel times a gate that is worked out from all channels' means (Hu et al. 2018, figure 2).",
    params=[
        Param("channels", Int(1), doc="Number of the input's channels."),
        Param("squeeze", Int(1), doc="Size of the hidden layer, usually channels / 16."),
    ],
    build=_squeeze_excitation,
    example=Example(((8, 8, 16),), {"channels": 16, "squeeze": 4}),
)


def _inverted(net: Build, p: Params) -> None:
    (x,) = net.inputs
    net.add("expand", "Conv2D", x, filters=p["expanded"], kernel_size=1, use_bias=False)
    net.add("expand_bn", "BatchNormalization")
    net.add("expand_relu", "ReLU", max_value=6.0)
    net.add("depthwise", "DepthwiseConv2D", kernel_size=3, strides=p["strides"], padding="same", use_bias=False)
    net.add("depthwise_bn", "BatchNormalization")
    net.add("depthwise_relu", "ReLU", max_value=6.0)
    net.add("project", "Conv2D", filters=p["filters"], kernel_size=1, use_bias=False)
    if p["shortcut"]:
        y = net.add("project_bn", "BatchNormalization")
        net.last("Add", x, y)
    else:
        net.last("BatchNormalization")


block(
    "InvertedResidualBlock",
    doc="Channels widened, filtered one by one and narrowed without an activation (Sandler et al. 2018, MobileNetV2).",
    params=[
        FILTERS,
        Param("expanded", Int(1), doc="Channels inside, usually six times the input's."),
        STRIDES,
        Param("shortcut", Bool(), False, "Whether the input is added: it needs the output's shape."),
    ],
    build=_inverted,
    example=Example(((8, 8, 4),), {"filters": 4, "expanded": 12, "shortcut": True}),
)


def _transformer(net: Build, p: Params) -> None:
    (x,) = net.inputs
    heads, units = p["num_heads"], p["units"]
    attended = net.add("attention", "MultiHeadAttention", x, x, num_heads=heads, key_dim=max(units // heads, 1))
    if p["dropout"]:
        attended = net.add("attention_drop", "Dropout", rate=p["dropout"])
    net.add("attention_add", "Add", x, attended)
    y = net.add("attention_norm", "LayerNormalization", epsilon=1e-6)
    net.add("hidden", "Dense", units=p["hidden"], activation=p["activation"])
    z = net.add("output", "Dense", units=units)
    if p["dropout"]:
        z = net.add("output_drop", "Dropout", rate=p["dropout"])
    net.add("output_add", "Add", y, z)
    net.last("LayerNormalization", epsilon=1e-6)


block(
    "TransformerBlock",
    doc="Self-attention, then two dense layers, each with a shortcut and normalised (Vaswani et al. 2017, encoder).",
    params=[
        Param("units", Int(1), doc="Size of the input's last axis."),
        Param("num_heads", Int(1, 1024), doc="Number of heads; each works on units / num_heads values."),
        Param("hidden", Int(1), doc="Size of the hidden dense layer, usually four times units."),
        activation("relu", "Function of the hidden dense layer."),
        Param("dropout", Float(0, 1), 0.0, "Share of each part's output that is dropped while training."),
    ],
    build=_transformer,
    example=Example(((10, 16),), {"units": 16, "num_heads": 4, "hidden": 32, "dropout": 0.1}),
)


def _convnext(net: Build, p: Params) -> None:
    (x,) = net.inputs
    channels = p["channels"]
    net.add("depthwise", "DepthwiseConv2D", x, kernel_size=7, padding="same")
    net.add("norm", "LayerNormalization", epsilon=1e-6)
    net.add("expand", "Dense", units=4 * channels, activation="gelu")
    net.add("project", "Dense", units=channels)
    y = net.add("scale", "LayerScale", init_values=p["init_values"])
    if p["drop_path"]:
        y = net.add("drop_path", "StochasticDepth", rate=p["drop_path"])
    net.last("Add", x, y)


block(
    "ConvNeXtBlock",
    doc="A depthwise window of 7, then dense layers on each cell, scaled and added (Liu et al. 2022, ConvNeXt).",
    params=[
        Param("channels", Int(1), doc="Number of the input's channels."),
        Param("init_values", Float(), 1e-6, "Where the learnt scale of the block starts."),
        Param("drop_path", Float(0, 0.99), 0.0, "Share of samples that skip the block while training."),
    ],
    build=_convnext,
    example=Example(((8, 8, 4),), {"channels": 4, "drop_path": 0.1}),
)
