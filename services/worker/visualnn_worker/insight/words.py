"""What stands in pictures, in other languages: a sentence of the code -> the same with its places."""

from collections.abc import Mapping

CHINESE: Mapping[str, str] = {
    "Weights of {layer}": "{layer} 的权重",
    "{shown} of {all}; black {low}, white {high}": "共 {all} 个，显示 {shown} 个；黑 {low}，白 {high}",
    "Samples of {name}": "{name} 的样本",
    "Worst samples of {name}": "{name} 最差的样本",
    "{split} samples; below each its label, then the prediction and its share; red where they differ": (
        "{split}样本；下方先是标签，再是预测及其得分；不一致处为红色"
    ),
    "Confusion of {name}": "{name} 的混淆矩阵",
    "{samples} {split} samples, accuracy {accuracy}; shades are shares of a row": (
        "{samples} 个{split}样本，准确率 {accuracy}；深浅为占该行的比例"
    ),
    "label": "标签",
    "prediction (samples)": "预测（样本数）",
    "Attributes of {name}": "{name} 的各属性",
    "{samples} {split} samples; an attribute is said to hold from a share of {threshold} on": (
        "{samples} 个{split}样本；得分达到 {threshold} 即判为具有该属性"
    ),
    "; the first {shown} of {all}": "；显示 {all} 个中的前 {shown} 个",
    "all, counted alike": "全部（微平均）",
    "attribute": "属性",
    "samples with it": "具有该属性的样本",
    "precision": "精确率",
    "recall": "召回率",
    "F1": "F1",
    "ROC AUC": "ROC 曲线下面积",
    "Curves of {name}": "{name} 的曲线",
    "not drawn: {names}": "未绘制：{names}",
    "{title} (begins at {value}, beyond the axis)": "{title}（起始为 {value}，超出坐标轴）",
    "{epochs} epochs, {steps} batches; values of batches are means since the epoch's begin": (
        "{epochs} 轮，{steps} 个批次；批次的值为本轮开始以来的平均值"
    ),
    "epoch": "轮",
    "loss": "损失",
    "accuracy": "准确率",
    "learning rate": "学习率",
    "each batch": "每个批次",
    "training, each batch": "训练（每个批次）",
    "training": "训练",
    "validation": "验证",
    "train": "训练",
    "val": "验证",
    "test": "测试",
}
LANGUAGES: Mapping[str, Mapping[str, str]] = {"": {}, ".zh-CN": CHINESE}
"""What a file's name has before its ending -> words; where there are none, a sentence stays as it is."""
