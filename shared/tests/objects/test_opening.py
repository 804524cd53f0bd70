from pathlib import Path

import pytest
from visualnn_shared.objects import StoreSettingsInvalid, open_store
from visualnn_shared.objects.folder import FolderStore
from visualnn_shared.objects.s3 import S3Store
from visualnn_shared.settings import CommonSettings

SERVER = {"s3_endpoint": "https://s3.example.org", "s3_access_key": "key", "s3_secret_key": "secret"}


def test_a_folder_with_an_odd_name_is_opened(tmp_path: Path) -> None:
    folder = tmp_path / "with space and % and ü"
    open_store(CommonSettings(object_store=folder.as_uri())).put("a", b"1")
    assert (folder / "a").read_bytes() == b"1"


def test_the_default_is_a_folder_in_the_data_folder(tmp_path: Path) -> None:
    open_store(CommonSettings(data_dir=tmp_path, object_store="")).put("a/b", b"1")
    assert (tmp_path / "objects" / "a" / "b").read_bytes() == b"1"


@pytest.mark.parametrize("address", ["s3://bucket", "s3://bucket/", "s3://my.bucket-1/some/prefix/"])
def test_an_s3_address_is_opened_without_asking_the_server(address: str) -> None:
    assert isinstance(open_store(CommonSettings(object_store=address, **SERVER)), S3Store)  # type: ignore[arg-type]


def test_localhost_may_be_named_in_a_file_address(tmp_path: Path) -> None:
    assert isinstance(open_store(CommonSettings(object_store=f"file://localhost{tmp_path}")), FolderStore)


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("hdfs://namenode/folder", "HDFS is not supported yet; received 'hdfs://namenode/folder'"),
        ("/just/a/path", "must start with s3:// or file:///; received '/just/a/path'"),
        ("ftp://host/x", "must start with s3:// or file:///; received 'ftp://host/x'"),
        ("file://host/share", "three slashes and an absolute path; received 'file://host/share'"),
        ("file:relative", "three slashes and an absolute path; received 'file:"),
    ],
)
def test_an_address_of_no_store_is_refused_with_what_to_write(address: str, text: str) -> None:
    with pytest.raises(StoreSettingsInvalid) as caught:
        open_store(CommonSettings(object_store=address))
    assert text in str(caught.value)
    assert "field VISUALNN_OBJECT_STORE; set VISUALNN_OBJECT_STORE to s3://bucket" in str(caught.value)


def test_every_problem_of_s3_settings_is_listed_at_once() -> None:
    with pytest.raises(StoreSettingsInvalid, match="5 problems") as caught:
        open_store(CommonSettings(object_store="s3://B/..", s3_endpoint="s3.example.org/path"))
    fields = [found.where.field for found in caught.value.problems]
    assert fields == [
        "VISUALNN_OBJECT_STORE",
        "VISUALNN_OBJECT_STORE",
        "VISUALNN_S3_ENDPOINT",
        "VISUALNN_S3_ACCESS_KEY",
        "VISUALNN_S3_SECRET_KEY",
    ]


def test_a_secret_is_not_repeated_in_an_error() -> None:
    with pytest.raises(StoreSettingsInvalid) as caught:
        open_store(
            CommonSettings(object_store="s3://B", s3_endpoint="https://h", s3_access_key="k", s3_secret_key="hush")
        )
    assert "hush" not in str(caught.value)
