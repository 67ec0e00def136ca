#!/usr/bin/env python3
"""A peer for `flawd bench tune --peer`: a tuning step of the same model in PyTorch on the CPU.

usage: tuning.py MODEL.safetensors METHOD THREADS
       tuning.py MODEL.safetensors --check GOLDEN.safetensors

The model is one like nano (EfficientNet-Lite0 encoder). METHOD is spt (LoRA of rank 8 on the decoders' q and v, and the
VRA-Adapters) or full. Prints its name, then for each line it reads takes one step (encoder, draft, refine, both losses over
112·112 sampled points, back, AdamW) on a picture of noise and prints the milliseconds that took. With --check it compares
embedding, draft and refined logits with golden ones instead, so that what is timed is known to be the model.
"""
import json
import math
import sys
import time

import torch
import torch.nn.functional as F
from safetensors import safe_open

# expand, channels, repeats, first stride, kernel
STAGES = [(1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3), (6, 112, 3, 1, 5), (6, 192, 4, 2, 5), (6, 320, 1, 1, 3)]


class Nano:
    def __init__(self, path):
        with safe_open(path, "pt") as file:
            self.weights = {name: file.get_tensor(name).float() for name in file.keys()}
            self.config = json.loads(file.metadata()["config"])
        self.updates = {}

    def __getitem__(self, name):
        return self.weights[name]

    # Encoder

    def convolution(self, x, name, stride=1, padding=0, groups=1):
        return F.conv2d(x, self[name + ".weight"], self[name + ".bias"], stride, padding, groups=groups)

    def norm2d(self, x, name):
        mean = x.mean(1, keepdim=True)
        variance = (x - mean).pow(2).mean(1, keepdim=True)
        x = (x - mean) / torch.sqrt(variance + 1e-6)
        return self[name + ".weight"][:, None, None] * x + self[name + ".bias"][:, None, None]

    def encode(self, image):
        prefix = "image_encoder."
        x = F.relu6(self.convolution(image, prefix + "stem", 2, 1))
        index, taps = 0, {}
        for expand, channels, repeats, first, kernel in STAGES:
            for repeat in range(repeats):
                name, stride, before = f"{prefix}blocks.{index}.", first if repeat == 0 else 1, x
                if expand > 1:
                    x = F.relu6(self.convolution(x, name + "expand"))
                x = F.relu6(self.convolution(x, name + "depthwise", stride, kernel // 2, x.shape[1]))
                x = self.convolution(x, name + "project")
                if stride == 1 and before.shape[1] == channels:
                    x = x + before
                taps[index] = x
                index += 1
        wide = F.interpolate(self.convolution(taps[15], prefix + "lateral32"), scale_factor=2, mode="nearest")
        y = self.convolution(taps[4], prefix + "lateral8", 2) + self.convolution(taps[10], prefix + "lateral16") + wide
        y = self.convolution(self.norm2d(y, prefix + "norm1"), prefix + "mix_depthwise", 1, 1, y.shape[1])
        return self.norm2d(self.convolution(y, prefix + "mix_pointwise"), prefix + "norm2")

    # Prompt encoder

    def positions(self, points):
        """Points are in 0…1, x first."""
        angles = 2 * math.pi * ((2 * points - 1) @ self["prompt_encoder.pe_layer.positional_encoding_gaussian_matrix"])
        return torch.cat([angles.sin(), angles.cos()], -1)

    def sparse(self, box):
        corners = self.positions((box.reshape(2, 2) + 0.5) / self.config["image_size"])
        kinds = torch.cat([self[f"prompt_encoder.point_embeddings.{kind}.weight"] for kind in (2, 3)])
        return corners + kinds

    def dense(self, logits):
        name = "prompt_encoder.mask_downscaling."
        x = F.gelu(self.norm2d(self.convolution(logits, name + "0", 2), name + "1"))
        x = F.gelu(self.norm2d(self.convolution(x, name + "3", 2), name + "4"))
        return self.convolution(x, name + "6").flatten(2)[0].T

    # Decoders

    def linear(self, x, name):
        weight = self[name + ".weight"]
        y = F.linear(x, weight, self[name + ".bias"])
        if name in self.updates:
            down, up = self.updates[name]
            y = y + F.linear(F.linear(x, down), up) / down.shape[0]
        return y

    def attention(self, q, k, v, name):
        heads = self.config["decoder_heads"]
        q, k, v = (self.linear(x, f"{name}.{part}") for x, part in ((q, "q_proj"), (k, "k_proj"), (v, "v_proj")))
        q, k, v = (x.reshape(len(x), heads, -1).transpose(0, 1) for x in (q, k, v))
        weights = torch.softmax(q @ k.transpose(1, 2) / math.sqrt(q.shape[-1]), -1)
        return self.linear((weights @ v).transpose(0, 1).reshape(q.shape[1], -1), name + ".out_proj")

    def norm(self, x, name):
        return F.layer_norm(x, x.shape[-1:], self[name + ".weight"], self[name + ".bias"], 1e-5)

    def perceptron(self, x, name, count):
        for layer in range(count):
            x = self.linear(x, f"{name}.layers.{layer}")
            x = F.relu(x) if layer + 1 < count else x
        return x

    def decode(self, embedding, dense, sparse, relation, decoder):
        name, grid = decoder + ".transformer.", math.isqrt(len(embedding))
        centres = (torch.arange(grid) + 0.5) / grid
        places = self.positions(torch.stack(torch.meshgrid(centres, centres, indexing="xy"), -1).reshape(-1, 2))
        start = torch.cat([self[decoder + ".iou_token.weight"], self[decoder + ".mask_tokens.weight"], sparse])
        tokens, keys = start, embedding + dense
        for index in range(2):
            block = f"{name}layers.{index}."
            if index == 0:
                tokens = self.attention(tokens, tokens, tokens, block + "self_attn")
            else:
                tokens = tokens + self.attention(tokens + start, tokens + start, tokens, block + "self_attn")
            tokens = self.norm(tokens, block + "norm1")
            tokens = tokens + self.attention(tokens + start, keys + places, keys, block + "cross_attn_token_to_image")
            tokens = self.norm(tokens, block + "norm2")
            tokens = tokens + self.linear(F.relu(self.linear(tokens, block + "mlp.lin1")), block + "mlp.lin2")
            tokens = self.norm(tokens, block + "norm3")
            keys = keys + self.attention(keys + places, tokens + start, tokens, block + "cross_attn_image_to_token")
            keys = self.norm(keys, block + "norm4")
            keys = keys + (relation @ keys) * self[block + "lora_sim_scale"]
        tokens = tokens + self.attention(tokens + start, keys + places, keys, name + "final_attn_token_to_image")
        tokens = self.norm(tokens, name + "norm_final_attn")
        picture = keys.T.reshape(1, -1, grid, grid)
        name = decoder + ".output_upscaling."
        picture = F.conv_transpose2d(picture, self[name + "0.weight"], self[name + "0.bias"], 2)
        picture = F.gelu(self.norm2d(picture, name + "1"))
        picture = F.gelu(F.conv_transpose2d(picture, self[name + "3.weight"], self[name + "3.bias"], 2))
        hyper = self.perceptron(tokens[1:2], decoder + ".output_hypernetworks_mlps.0", 3)
        return (hyper @ picture.flatten(2)[0]).reshape(1, 1, 4 * grid, 4 * grid)

    def __call__(self, image, box):
        embedding = self.encode(image).flatten(2)[0].T
        units = F.normalize(embedding, dim=-1)
        cosines = units @ units.T
        cosines = cosines.masked_fill(torch.eye(len(units), dtype=torch.bool), -1e16)
        relation, sparse = torch.softmax(cosines, -1), self.sparse(box)
        draft = self.decode(embedding, self["prompt_encoder.no_mask_embed.weight"], sparse, relation, "mask_decoder")
        refined = self.decode(embedding, self.dense(draft.detach()), sparse, relation, "draft_decoder")
        return embedding, draft, refined

    def train(self, method):
        if method == "full":
            frozen = ("positional_encoding_gaussian_matrix", "iou_prediction_head")
            trained = [name for name in self.weights if not any(part in name for part in frozen)]
        else:
            trained = [name for name in self.weights if name.endswith("lora_sim_scale")]
            for name in [name[:-7] for name in self.weights if name.endswith((".q_proj.weight", ".v_proj.weight"))]:
                out, inputs = self[name + ".weight"].shape
                self.updates[name] = (torch.randn(8, inputs) / math.sqrt(inputs)).requires_grad_(), torch.zeros(out, 8).requires_grad_()
        return [self[name].requires_grad_() for name in trained] + [one for pair in self.updates.values() for one in pair]


def loss(logits, truth, count=112 * 112):
    """Cross-entropy and dice over points of which three quarters are the most uncertain of three times as many."""
    def sample(picture, points):
        return F.grid_sample(picture, 2 * points[None, None] - 1, align_corners=False)[0, 0, 0]

    with torch.no_grad():
        drawn = torch.rand(3 * count, 2)
        uncertain = (-sample(logits, drawn).abs()).topk(3 * count // 4).indices
        points = torch.cat([drawn[uncertain], torch.rand(count - 3 * count // 4, 2)])
        wanted = sample(truth, points)
    found = sample(logits, points)
    p = found.sigmoid()
    dice = 1 - (2 * (p * wanted).sum() + 1) / (p.sum() + wanted.sum() + 1)
    return F.binary_cross_entropy_with_logits(found, wanted) + dice


def check(model, path):
    with safe_open(path, "pt") as golden, torch.no_grad():
        for tile in range(2):
            found = model(golden.get_tensor(f"{tile}.input"), golden.get_tensor(f"{tile}.box"))
            expected = [golden.get_tensor(f"{tile}.{name}") for name in ("embedding", "draft", "refined")]
            expected[0] = expected[0].flatten(2)[0].T if expected[0].dim() == 4 else expected[0]
            for name, a, b in zip(("embedding", "draft", "refined"), found, expected):
                print(f"tile {tile}, {name}: max |Δ| {(a - b.reshape(a.shape)).abs().max():.2g}")


def main():
    if len(sys.argv) != 4 or sys.argv[2] not in ("spt", "full", "--check"):
        sys.exit(__doc__)
    model = Nano(sys.argv[1])
    if sys.argv[2] == "--check":
        return check(model, sys.argv[3])
    torch.set_num_threads(int(sys.argv[3]))
    torch.manual_seed(1)
    trained = model.train(sys.argv[2])
    optimiser = torch.optim.AdamW(trained, lr=1e-6, weight_decay=0)
    side = model.config["image_size"]
    image, truth = torch.randn(1, 3, side, side), torch.zeros(1, 1, side, side)
    truth[:, :, side // 4:side // 2, side // 4:side // 2] = 1
    box = torch.tensor([side / 4, side / 4, side / 2, side / 2])

    def step():
        optimiser.zero_grad()
        _, draft, refined = model(image, box)
        (loss(draft, truth) + loss(refined, truth)).backward()
        optimiser.step()

    print(f"PyTorch {torch.__version__}, {sys.argv[3]} threads", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        step()
        print((time.perf_counter() - start) * 1e3, flush=True)


if __name__ == "__main__":
    main()
