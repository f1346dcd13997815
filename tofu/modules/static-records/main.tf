locals {
  declared = yamldecode(file(var.records_file))
  zone     = trimsuffix(lower(local.declared.zone), ".")

  uses_nodes  = anytrue([for record in local.declared.records : can(record.node)])
  inventories = [for file in local.uses_nodes ? [var.inventory_file] : [] : yamldecode(file(file))]
  addresses = merge([
    for group in flatten([
      for inventory in local.inventories : values(inventory.all.children.k3s_cluster.children)
    ]) : try({ for name, host in group.hosts : name => host.public_ip }, {})
  ]...)

  # Of these a name has one owner, and a failover changes what they hold.
  address_types = ["A", "AAAA", "CNAME"]
  parts_types   = ["CAA", "SRV"]

  written = [
    for record in local.declared.records : {
      name     = trimsuffix(lower(record.name), ".")
      type     = record.type
      text     = try(record.content, local.addresses[record.node], null)
      node     = try(record.node, null)
      priority = try(record.priority, null)
      proxied  = try(record.proxied, false)
      # What Cloudflare answers for is kept for as long as it likes; any other TTL is refused.
      ttl = try(record.proxied, false) ? 1 : try(record.ttl, 1)
    }
  ]

  # In the spelling in which Cloudflare gives them back: any other would be a change in every plan.
  kept = [
    for record in local.written : merge(record, {
      content = (
        contains(local.parts_types, record.type) ? null
        : record.type == "A" ? try(cidrhost("${record.text}/32", 0), null)
        : record.type == "AAAA" ? try(cidrhost("${record.text}/128", 0), null)
        : record.type == "TXT" ? (
          startswith(record.text, "\"") ? record.text : join(" ", [
            for part in regexall("(?s).{1,255}", record.text) : "\"${replace(replace(part, "\\", "\\\\"), "\"", "\\\"")}\""
          ])
        )
        : trimsuffix(lower(record.text), ".")
      )
      service = try(regex("^(?P<weight>\\d+)\\s+(?P<port>\\d+)\\s+(?P<target>\\S+?)\\.?$", record.text), null)
      grant   = try(regex("^(?P<flags>\\d+)\\s+(?P<tag>[a-z0-9]+)\\s+\"?(?P<value>[^\"]*)\"?$", record.text), null)
    })
  ]

  records = [
    for record in local.kept : merge(record, {
      # Cloudflare wants the content of these in parts.
      data = (
        record.type == "SRV" && record.service != null ? {
          priority = record.priority
          weight   = tonumber(record.service.weight)
          port     = tonumber(record.service.port)
          target   = lower(record.service.target)
          flags    = null
          tag      = null
          value    = null
        }
        : record.type == "CAA" && record.grant != null ? {
          priority = null
          weight   = null
          port     = null
          target   = null
          flags    = tonumber(record.grant.flags)
          tag      = record.grant.tag
          value    = record.grant.value
        }
        : null
      )
    })
  ]

  # A record that is to hold something else keeps its key, so that it is changed and not made anew.
  # Several of one name and type are numbered; those that nothing moves have what they hold instead,
  # so that taking one out leaves the others alone.
  keys = [
    for index, record in local.records : join(" ", compact([
      record.type,
      record.name,
      contains(local.address_types, record.type)
      ? one([
        for number in [1 + length([
          for other in slice(local.records, 0, index) : other if other.type == record.type && other.name == record.name
        ])] : "#${number}" if number > 1
      ])
      : substr(sha256(jsonencode([record.priority, record.text])), 0, 8),
    ]))
  ]

  wrong = [
    for record in local.records : "${record.type} ${record.name} (${coalesce(record.node, record.text, "nothing")})"
    if record.content == null && record.data == null
  ]
}
