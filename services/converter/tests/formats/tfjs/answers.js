// Run with TensorFlow.js under Node: `node answers.js FOLDER`. Loads every model of the folder's folders, asks it for its
// answers to inputs.json, and writes them to answers.json; what fails goes to error.txt.
const fs = require("fs");
const path = require("path");
console.warn = () => {};
const tf = require("@tensorflow/tfjs");

function artifacts(folder) {
  const model = JSON.parse(fs.readFileSync(path.join(folder, "model.json")));
  const groups = model.weightsManifest;
  const files = groups.flatMap((group) => group.paths.map((name) => fs.readFileSync(path.join(folder, name))));
  const data = Buffer.concat(files);
  return {
    modelTopology: model.modelTopology,
    weightSpecs: groups.flatMap((group) => group.weights),
    weightData: data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength),
  };
}

async function answer(folder) {
  const model = await tf.loadLayersModel({ load: async () => artifacts(folder) }, { strict: true });
  const given = JSON.parse(fs.readFileSync(path.join(folder, "inputs.json")));
  const inputs = given.map((one) => tf.tensor(one.values, one.shape, one.dtype));
  const found = model.predict(inputs.length > 1 ? inputs : inputs[0]);
  const outputs = Array.isArray(found) ? found : [found];
  return outputs.map((one) => ({ shape: one.shape, values: Array.from(one.dataSync()) }));
}

async function main(root) {
  await tf.setBackend("cpu");
  for (const name of fs.readdirSync(root)) {
    const folder = path.join(root, name);
    try {
      fs.writeFileSync(path.join(folder, "answers.json"), JSON.stringify(await answer(folder)));
    } catch (error) {
      fs.writeFileSync(path.join(folder, "error.txt"), String(error.stack).slice(0, 600));
    }
  }
}

main(process.argv[2]);
