"""The databases and the broker, as we ask their operators for them."""

from deploy.check.objects import name, of_kind, spec
from deploy.check.policies.policy import Broken, Level, policy
from deploy.check.rendering import Rendered


@policy("what is not backed up is lost with its disk; WAL without end fills it")
def every_database_is_backed_up(given: Rendered) -> Broken:
    scheduled = {spec(each)["cluster"]["name"] for each in of_kind(given.objects, "ScheduledBackup")}
    for each in of_kind(given.objects, "Cluster"):
        archived = any(one.get("isWALArchiver") for one in spec(each).get("plugins") or [])
        if name(each) not in scheduled:
            yield each, "has no ScheduledBackup"
        if not archived and not (spec(each).get("backup") or {}).get("barmanObjectStore"):
            yield each, "does not archive its WAL"
    for missing in scheduled - {name(each) for each in of_kind(given.objects, "Cluster")}:
        yield {"kind": "ScheduledBackup", "metadata": {"name": missing}}, "backs up a Cluster that is not rendered"


@policy("one database instance is an outage at every node's restart", Level.PRODUCTION)
def databases_have_a_standby(given: Rendered) -> Broken:
    for each in of_kind(given.objects, "Cluster"):
        if spec(each)["instances"] < 2:
            yield each, "has one instance"


@policy("quorum queues need a majority: three nodes, apart; two are worse than one", Level.PRODUCTION)
def the_broker_has_a_majority(given: Rendered) -> Broken:
    for each in of_kind(given.objects, "RabbitmqCluster"):
        if spec(each).get("replicas", 1) not in (3, 5, 7):
            yield each, f"has {spec(each).get('replicas', 1)} nodes"
        if not (spec(each).get("affinity") or {}).get("podAntiAffinity") and "override" not in spec(each):
            yield each, "does not keep its nodes apart"


@policy("a store without requests is the first to be evicted, one without size fills its node")
def stores_say_their_size(given: Rendered) -> Broken:
    for each in of_kind(given.objects, "Cluster", "RabbitmqCluster"):
        resources = spec(each).get("resources") or {}
        if "memory" not in (resources.get("requests") or {}) or "memory" not in (resources.get("limits") or {}):
            yield each, "has no memory request and limit"
        storage = spec(each).get("storage") or spec(each).get("persistence") or {}
        if not (storage.get("size") or storage.get("storage")):
            yield each, "has no size of its disk"
