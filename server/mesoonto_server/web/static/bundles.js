// The libraries that were bundled for this site; a page offers one by <link rel="modulepreload" id="bundle-NAME">.

// What the bundle exports, or null where this copy of the site has none.
export async function bundle(name) {
  const link = document.getElementById(`bundle-${name}`);
  return link ? import(link.href) : null;
}
