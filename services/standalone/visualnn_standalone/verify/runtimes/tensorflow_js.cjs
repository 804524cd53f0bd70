// `node tensorflow_js.cjs FOLDER`: the layers model there (model.json and its weights) asked for its answers to the
// inputs that inputs.json lists, in TensorFlow.js' plain JavaScript; outputs.json lists the files of the answers.
const fs = require("fs");
const path = require("path");
console.warn = () => {};
const tf = require("@tensorflow/tfjs");
const folder = process.argv[2];
const read = (name) => fs.readFileSync(path.join(folder, name));
const bytes = (buffer) => buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.byteLength);

function artifacts() {
  const model = JSON.parse(read("model.json"));
  const groups = model.weightsManifest;
  return {
    modelTopology: model.modelTopology,
    weightSpecs: groups.flatMap((group) => group.weights),
    weightData: bytes(Buffer.concat(groups.flatMap((group) => group.paths.map(read)))),
  };
}

async function main() {
  await tf.setBackend("cpu");
  const model = await tf.loadLayersModel({ load: async () => artifacts() }, { strict: true });
  const inputs = JSON.parse(read("inputs.json")).map((one) => {
    const values = new (one.dtype === "int32" ? Int32Array : Float32Array)(bytes(read(one.file)));
    return tf.tensor(values, one.shape, one.dtype);
  });
  const found = model.predict(inputs.length > 1 ? inputs : inputs[0]);
  const kept = (Array.isArray(found) ? found : [found]).map((one, index) => {
    fs.writeFileSync(path.join(folder, `output${index}`), Buffer.from(new Float32Array(one.dataSync()).buffer));
    return { file: `output${index}`, shape: one.shape };
  });
  fs.writeFileSync(path.join(folder, "outputs.json"), JSON.stringify(kept));
}

main();
