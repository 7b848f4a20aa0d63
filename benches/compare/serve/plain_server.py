"""sentence-transformers behind a plain server: what somebody writes in an afternoon, with OpenAI's form of answers.

    python plain_server.py PORT MODEL_FOLDER THREADS
"""

import sys

import torch
import uvicorn
from sentence_transformers import SentenceTransformer
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

port, folder, threads = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
torch.set_num_threads(threads)
model = SentenceTransformer(folder, device="cpu")


def embed(texts: list[str]) -> list[list[float]]:
    return model.encode(texts, normalize_embeddings=True).tolist()


async def embeddings(request: Request) -> JSONResponse:
    asked = await request.json()
    texts = [asked["input"]] if isinstance(asked["input"], str) else asked["input"]
    vectors = await run_in_threadpool(embed, texts)
    data = [
        {"object": "embedding", "index": index, "embedding": vector}
        for index, vector in enumerate(vectors)
    ]
    return JSONResponse({"object": "list", "data": data, "model": asked["model"]})


uvicorn.run(
    Starlette(routes=[Route("/v1/embeddings", embeddings, methods=["POST"])]),
    host="127.0.0.1",
    port=port,
    log_level="warning",
)
