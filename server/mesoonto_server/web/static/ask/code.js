// The same query from a shell, from Python and from R.

// A word of a POSIX shell.
export function shellWord(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

// A string of Python: triple quotes, which keep lines.
export function pythonString(text) {
  return `"""\n${text.replaceAll("\\", "\\\\").replaceAll('"""', '\\"\\"\\"').replace(/"$/, '\\"')}\n"""`;
}

// A raw string of R (4.0 or newer) with as many dashes as its text asks for.
export function rString(text) {
  let dashes = "";
  while (text.includes(`)${dashes}"`)) dashes += "-";
  return `r"${dashes}(\n${text}\n)${dashes}"`;
}

export function curl(endpoint, query, type) {
  return `curl ${shellWord(endpoint)} -H 'Accept: ${type}' --data-urlencode query=${shellWord(query)}\n`;
}

export function python(endpoint, query, table) {
  const start = `import io\n\nimport httpx\n${table ? "import pandas\n" : ""}\nquery = ${pythonString(query)}\n` +
    `answer = httpx.post("${endpoint}", data={"query": query}, headers={"Accept": "${table ? "text/csv" : "text/turtle"}"})\n`;
  return start + (table ? "frame = pandas.read_csv(io.StringIO(answer.raise_for_status().text))\n"
    : "print(answer.raise_for_status().text)\n").replace("import io\n\n", "");
}

export function r(endpoint, query, table) {
  return `query <- ${rString(query)}\nanswer <- httr2::request("${endpoint}") |>\n  httr2::req_body_form(query = query) |>\n` +
    `  httr2::req_headers(Accept = "${table ? "text/csv" : "text/turtle"}") |>\n  httr2::req_perform() |>\n` +
    `  httr2::resp_body_string()\n` + (table ? "frame <- read.csv(text = answer)\n" : "cat(answer)\n");
}
