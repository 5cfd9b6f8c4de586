// Another category, another form for the lot's attributes; what both forms know is kept.
document.addEventListener("change", ({ target }) => {
  if (!target.matches('select[name^="lots-"][name$="-category"]')) return
  const forms = JSON.parse(document.getElementById("lot-forms").textContent)
  const input = document.getElementById(target.id.replace(/category$/, "attributes"))
  const old = input.closest(".django_json_schema_editor")
  const schema = forms[target.value]
  const fresh = document.createElement("div")
  fresh.className = old.className
  fresh.dataset.editorConfig = JSON.stringify({ ...JSON.parse(old.dataset.editorConfig), schema })
  const kept = Object.entries(JSON.parse(input.value || "{}")).filter(
    ([name]) => !schema.properties || name in schema.properties,
  )
  const copy = input.cloneNode() // the old editor may still write to the old one
  copy.value = JSON.stringify(Object.fromEntries(kept))
  fresh.append(copy)
  old.replaceWith(fresh)
  initEditor(fresh)
})
