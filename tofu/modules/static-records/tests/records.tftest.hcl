variables {
  records_file   = "tests/records.yaml"
  inventory_file = "tests/hosts.yml"
}

run "records" {
  command = plan

  assert {
    condition     = output.zone == "example.com"
    error_message = "The zone is in small letters, without a dot."
  }

  assert {
    condition = [for key in keys(output.records) : replace(key, "/ [0-9a-f]{8}$/", "")] == [
      "A www.example.com",
      "A www.example.com #2",
      "AAAA www.example.com",
      "CAA example.com",
      "CNAME docs.example.com",
      "MX example.com",
      "MX example.com",
      "SRV _sip._tcp.example.com",
      "TXT example.com",
    ]
    error_message = "Every record has a key of its own: ${jsonencode(keys(output.records))}"
  }

  assert {
    condition = jsonencode(output.records["A www.example.com"]) == jsonencode({
      name = "www.example.com", type = "A", content = "203.0.113.1", data = null, priority = null, ttl = 1, proxied = true
    })
    error_message = "A node is its public address, and what is proxied has no TTL: ${jsonencode(output.records["A www.example.com"])}"
  }

  assert {
    condition     = output.records["A www.example.com #2"].content == "203.0.113.9" && output.records["A www.example.com #2"].ttl == 300
    error_message = "A second address is a record of its own."
  }

  assert {
    condition     = output.records["AAAA www.example.com"].content == "2001:db8::1"
    error_message = "An address is written as Cloudflare writes it."
  }

  assert {
    condition     = output.records["CNAME docs.example.com"].content == "pages.example.net"
    error_message = "A name is written as Cloudflare writes it."
  }

  assert {
    condition     = [for key, record in output.records : record.content if record.type == "TXT"] == ["\"v=spf1 \\\"-all\\\"\""]
    error_message = "A text is in quotes: ${jsonencode([for record in output.records : record.content if record.type == "TXT"])}"
  }

  assert {
    condition     = join(", ", sort([for record in output.records : "${record.priority} ${record.content}" if record.type == "MX"])) == "10 mail.example.com, 20 mail.example.net"
    error_message = "Mail servers keep their priority."
  }

  assert {
    condition     = [for record in output.records : record.data if record.type == "SRV"][0].target == "sip.example.com" && [for record in output.records : record.data if record.type == "SRV"][0].port == 5060
    error_message = "SRV is in parts."
  }

  assert {
    condition     = [for record in output.records : record.data if record.type == "CAA"][0].tag == "issue" && [for record in output.records : record.data if record.type == "CAA"][0].value == "letsencrypt.org"
    error_message = "CAA is in parts."
  }
}

run "another_node" {
  command = plan

  variables {
    records_file = "tests/another-node.yaml"
  }

  assert {
    condition     = keys(output.records) == ["A www.example.com"] && output.records["A www.example.com"].content == "203.0.113.2"
    error_message = "A record that points to another node keeps its key."
  }
}

run "no_node_no_inventory" {
  command = plan

  variables {
    records_file   = "tests/no-node.yaml"
    inventory_file = "tests/none.yml"
  }

  assert {
    condition     = length(output.records) == 0
    error_message = "Without a node the inventory is not read."
  }
}

run "unknown_node" {
  command = plan

  variables {
    records_file = "tests/unknown-node.yaml"
  }

  expect_failures = [output.records]
}

run "no_such_file" {
  command = plan

  variables {
    records_file = "tests/none.yaml"
  }

  expect_failures = [var.records_file]
}
