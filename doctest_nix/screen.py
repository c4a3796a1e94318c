def render(data: bytes, columns: int) -> str:
    return data.replace(b"\r\n",b"\n").decode("utf-8","replace").removesuffix("\n")
