"""Values that a cloud only takes forward: engine versions of managed services, sizes of disks.

Cards hold no attribute values, so this is decided from a plan.
"""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

from tfops.model import Action, AttributeChange, Plan, Reason, ResourceChange, Verdict

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


def undowngradable(plan: Plan, extra: Iterable[str] = ()) -> tuple[Reason, ...]:
    """What the cloud would refuse in the middle of applying this plan, one reason for each value.

    `extra` is `no_downgrade` of tfops.yaml. Only changes in place: a replacement loses data instead, and
    consent to that is asked for by address.
    """
    known = (*_FORWARD_ONLY.split(), *extra)
    return tuple(
        _reason(change, attribute)
        for change in plan.changes
        if change.action is Action.UPDATE
        for attribute in change.attributes
        if _is_forward_only(change, attribute, known) and _goes_back(attribute)
    )


def _is_forward_only(change: ResourceChange, attribute: AttributeChange, known: Iterable[str]) -> bool:
    path = re.sub(r"\[[0-9]+\]", "", attribute.path)
    return any(fnmatchcase(f"{change.resource_type}.{path}", entry) for entry in known)


def _goes_back(attribute: AttributeChange) -> bool:
    before, after = _ordered(attribute.before), _ordered(attribute.after)
    common = min(len(before), len(after))  # `15` means any 15.x
    return after[:common] < before[:common]


def _ordered(shown: str) -> tuple[tuple[int, int, str], ...]:
    """A version or a size as something to compare: numbers by value, words by letter; nothing for what isn't known.

    `5.7.mysql_aurora.2.11`, `1.29`, `OpenSearch_2.5`, `7.x`, `100`. A family like Elasticsearch comes before
    OpenSearch, as it did.
    """
    if shown.startswith("("):  # (sensitive), (known after apply), (none)
        return ()
    parts = re.findall(r"\d+|[a-z]+", shown.strip('"').lower())
    return tuple((1, int(part), "") if part.isdecimal() else (0, 0, part) for part in parts if part != "x")


def _reason(change: ResourceChange, attribute: AttributeChange) -> Reason:
    before, after = attribute.before.strip('"'), attribute.after.strip('"')
    return Reason(
        "no-downgrade",
        Verdict.BLOCKED,
        f"{change.address}: {attribute.path} can't go from {before} back to {after}",
        (change.address,),
        f"keep {attribute.path} at {before} in the environment's file, or restore a copy of the older one",
    )
