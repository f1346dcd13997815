output "zone" {
  description = "The domain that the records are in."
  value       = local.zone
}

output "records" {
  description = "The records by keys that stay when a record is to hold something else."
  value = {
    for index, key in local.keys : key => {
      name     = local.records[index].name
      type     = local.records[index].type
      content  = local.records[index].content
      data     = local.records[index].data
      priority = local.records[index].priority
      ttl      = local.records[index].ttl
      proxied  = local.records[index].proxied
    }
  }

  precondition {
    condition     = length(local.wrong) == 0
    error_message = "These hold nothing that their type can hold, or name a node that the inventory has not, or not with an address of that type: ${join(", ", local.wrong)}. Correct them in ${var.records_file}, or the inventory."
  }
}
