"""Small data sets that lie beside this file, as scikit-learn gives them; ``tools/bundle_datasets.py`` wrote them."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from visualnn_shared.datasets.known.registry import Known, Make

FOLDER = Path(__file__).parent / "bundled"
_IRIS = ("sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)")
_WINE = (
    "alcohol", "malic_acid", "ash", "alcalinity_of_ash", "magnesium", "total_phenols", "flavanoids",
    "nonflavanoid_phenols", "proanthocyanins", "color_intensity", "hue", "od280/od315_of_diluted_wines", "proline",
)  # fmt: skip
_CELL = (
    "radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity", "concave points", "symmetry",
    "fractal dimension",
)  # fmt: skip
_DIABETES = ("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6")


def _copy(name: str) -> Make:
    def make(path: Path, _files: Sequence[Path]) -> None:
        shutil.copyfile(FOLDER / f"{name}.npz", path)

    return make


KNOWN = (
    Known(
        "digits",
        "1,797 handwritten digits, 8 x 8 pixels",
        "E. Alpaydin, C. Kaynak (1998): Optical Recognition of Handwritten Digits, UCI, test set",
        _copy("digits"),
        classes=tuple("0123456789"),
    ),
    Known(
        "iris",
        "150 flowers of three kinds, by four measures",
        "R. A. Fisher (1936): The Use of Multiple Measurements in Taxonomic Problems",
        _copy("iris"),
        classes=("setosa", "versicolor", "virginica"),
        columns=_IRIS,
    ),
    Known(
        "wine",
        "178 wines of three growers, by thirteen measures",
        "M. Forina and others (1991): Wine, UCI",
        _copy("wine"),
        classes=("class_0", "class_1", "class_2"),
        columns=_WINE,
    ),
    Known(
        "breast_cancer",
        "569 tumours, malignant or benign, by thirty measures of their cells",
        "W. Wolberg, O. Mangasarian, N. Street, W. Street (1995): Breast Cancer Wisconsin (Diagnostic), UCI",
        _copy("breast_cancer"),
        classes=("malignant", "benign"),
        columns=(
            *(f"mean {one}" for one in _CELL),
            *(f"{one} error" for one in _CELL),
            *(f"worst {one}" for one in _CELL),
        ),
    ),
    Known(
        "diabetes",
        "442 patients by ten measures; how the disease went on after a year",
        "B. Efron, T. Hastie, I. Johnstone, R. Tibshirani (2004): Least Angle Regression",
        _copy("diabetes"),
        columns=_DIABETES,
    ),
)
