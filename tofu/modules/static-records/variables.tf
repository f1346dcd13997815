variable "records_file" {
  type        = string
  description = "The static records, as config/dns/records.yaml has them."
  nullable    = false

  validation {
    condition     = fileexists(var.records_file)
    error_message = "There is no such file."
  }
}

variable "inventory_file" {
  type        = string
  description = "Ansible's hosts.yml; only read when a record names a node."
  nullable    = false

  validation {
    condition     = endswith(var.inventory_file, ".yml") || endswith(var.inventory_file, ".yaml")
    error_message = "An inventory is a YAML file."
  }
}
