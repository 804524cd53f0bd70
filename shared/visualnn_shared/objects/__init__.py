from visualnn_shared.objects.base import ObjectInfo, ObjectMissing, ObjectStore
from visualnn_shared.objects.keys import KeyInvalid
from visualnn_shared.objects.opening import StoreSettingsInvalid, open_store

__all__ = ["KeyInvalid", "ObjectInfo", "ObjectMissing", "ObjectStore", "StoreSettingsInvalid", "open_store"]
