"""Values that a cloud only takes forward: engine versions of managed services, sizes of disks.

Cards hold no attribute values, so this is decided from a plan.
"""

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from tfops.records.plan import Action, AttributeChange, Plan, ResourceChange
from tfops.records.verdict import Reason, Verdict

# `TYPE.ATTRIBUTE`, inner attributes without indexes; `*` in the type stands for anything.
_FORWARD_ONLY = """
aws_db_instance.engine_version aws_db_instance.allocated_storage aws_rds_cluster.engine_version
aws_rds_cluster_instance.engine_version aws_rds_global_cluster.engine_version
aws_docdb_cluster.engine_version aws_docdb_global_cluster.engine_version aws_neptune_cluster.engine_version
aws_neptune_global_cluster.engine_version aws_redshift_cluster.cluster_version
aws_elasticache_cluster.engine_version aws_elasticache_replication_group.engine_version
aws_elasticache_global_replication_group.engine_version aws_elasticache_serverless_cache.major_engine_version
aws_memorydb_cluster.engine_version aws_eks_cluster.version aws_eks_node_group.version aws_mq_broker.engine_version
aws_msk_cluster.kafka_version aws_msk_cluster.broker_node_group_info.storage_info.ebs_storage_info.volume_size
aws_opensearch_domain.engine_version aws_elasticsearch_domain.elasticsearch_version
aws_ebs_volume.size aws_instance.root_block_device.volume_size aws_instance.ebs_block_device.volume_size
aws_fsx_lustre_file_system.storage_capacity aws_fsx_windows_file_system.storage_capacity
google_sql_database_instance.database_version google_sql_database_instance.settings.disk_size
google_container_cluster.min_master_version google_container_node_pool.version google_compute_disk.size
google_compute_region_disk.size google_alloydb_cluster.database_version google_redis_instance.redis_version
google_filestore_instance.file_shares.capacity_gb
azurerm_kubernetes_cluster.kubernetes_version azurerm_kubernetes_cluster_node_pool.orchestrator_version
azurerm_postgresql_flexible_server.version azurerm_postgresql_flexible_server.storage_mb
azurerm_mysql_flexible_server.version azurerm_mysql_flexible_server.storage.size_gb
azurerm_mssql_server.version azurerm_redis_cache.redis_version azurerm_managed_disk.disk_size_gb
digitalocean_database_cluster.version digitalocean_kubernetes_cluster.version
"""


def refused_downgrades(plan: Plan, extra: Iterable[str] = ()) -> tuple[Reason, ...]:
    """What the cloud would refuse in the middle of applying this plan, one reason for each value.

    `extra` is `no_downgrade` of tfops.yaml. Only changes in place: a replacement loses data instead, and
    consent to that is asked for by address.
    """
    return tuple(
        _reason(change, attribute, f"can't go from {_text(attribute.before)} back to {_text(attribute.after)}")
        for change, attribute in _forward_only(plan, extra)
        if _is_lower(attribute.after, attribute.before)
    )


def irreversible(plan: Plan, extra: Iterable[str] = ()) -> tuple[Reason, ...]:
    """What the cloud would not take back once this plan is applied, one reason for each value."""
    return tuple(
        _reason(change, attribute, f"goes from {_text(attribute.before)} to {_text(attribute.after)}, and never back")
        for change, attribute in _forward_only(plan, extra)
        if _is_lower(attribute.before, attribute.after)
    )


def _forward_only(plan: Plan, extra: Iterable[str]) -> Iterator[tuple[ResourceChange, AttributeChange]]:
    known = (*_FORWARD_ONLY.split(), *extra)
    for change in plan.changes:
        if change.action is Action.UPDATE:
            yield from ((change, one) for one in change.attributes if _is_forward_only(change, one, known))


def _is_forward_only(change: ResourceChange, attribute: AttributeChange, known: Iterable[str]) -> bool:
    path = re.sub(r"\[[0-9]+\]", "", attribute.path)
    return any(fnmatchcase(f"{change.resource_type}.{path}", entry) for entry in known)


def _is_lower(one: str, other: str) -> bool:
    low, high = _ordered(one), _ordered(other)
    common = min(len(low), len(high))  # `15` means any 15.x
    return low[:common] < high[:common]


def _ordered(shown: str) -> tuple[tuple[int, int, str], ...]:
    """A version or a size as something to compare: numbers by value, words by letter; nothing for what isn't known.

    `5.7.mysql_aurora.2.11`, `1.29`, `OpenSearch_2.5`, `7.x`, `100`. A family like Elasticsearch comes before
    OpenSearch, as it did.
    """
    if shown.startswith("("):  # (sensitive), (known after apply), (none)
        return ()
    parts = re.findall(r"\d+|[a-z]+", shown.strip('"').lower())
    return tuple((1, int(part), "") if part.isdecimal() else (0, 0, part) for part in parts if part != "x")


def _text(shown: str) -> str:
    return shown.strip('"')


def _reason(change: ResourceChange, attribute: AttributeChange, what: str) -> Reason:
    cure = f"keep {attribute.path} as it is in the environment's file, or go back by a copy"
    return Reason(
        "no-downgrade", Verdict.BLOCKED, f"{change.address}: {attribute.path} {what}", (change.address,), cure
    )
