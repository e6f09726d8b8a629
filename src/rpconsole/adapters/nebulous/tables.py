"""Nebulous' tables, as far as a reader needs them; in the notation of gpc1's."""

from __future__ import annotations

from sqlalchemy import MetaData

from rpconsole.adapters.gpc1.notation import gpc1_table

metadata = MetaData()

storage_object = gpc1_table(
    "storage_object",
    "*so_id:B!+ *ext_id:V255! ext_id_basename:V255! dir_id:B! type:V8",
    pk="so_id",
    unique=("ext_id",),
    keys=("dir_id",),
    into=metadata,
)
instance = gpc1_table(
    "instance",
    "*ins_id:B!+ *so_id:B! *vol_id:I! *uri:V255! epoch:TS",
    pk="ins_id",
    keys=("so_id", "vol_id", "uri"),
    into=metadata,
)
volume = gpc1_table(
    "volume",
    """
    *vol_id:I!+ *name:V255! host:V255! path:V255! allocate:T=0 available:T=0 xattr:T=0 mountpoint:V255! *cab_id:I note:V255
    """,
    pk="vol_id",
    unique=("name",),
    into=metadata,
)
#: the live view, kept by a disk daemon: what is mounted now
mounted_volume = gpc1_table(
    "mountedvol",
    """
    *vol_id:I! name:V255! host:V255! path:V255! allocate:T=0 *available:T=0 xattr:T=0 mountpoint:V255! total:B! used:B! note:V255
    """,
    pk="vol_id",
    into=metadata,
)
cabinet = gpc1_table("cabinet", "*cab_id:I!+ name:V255! *site_id:I!=0 location:V255", pk="cab_id", into=metadata)
alias_volume = gpc1_table("aliasvol", "alias_id:I!+ *alias:V255! *name:V255! *vol_id:I!", pk="alias_id", into=metadata)
directory = gpc1_table(
    "directory",
    "dir_id:B!+ dirname:V255! parent_id:B!",
    pk="dir_id",
    unique=("dirname parent_id",),
    into=metadata,
)
