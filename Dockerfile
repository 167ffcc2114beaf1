# speechgan serve, on the lean install, as a user without rights:
#   docker build -t speechgan . && docker run -p 127.0.0.1:8000:8000 speechgan
FROM python:3.12-slim AS build
# pyworld is compiled.
RUN apt-get update && apt-get install --yes --no-install-recommends g++
RUN python -m venv /opt/speechgan
COPY . /source
RUN /opt/speechgan/bin/pip install --no-cache-dir '/source[serve]'

FROM python:3.12-slim
COPY --from=build /opt/speechgan /opt/speechgan
RUN useradd --system --uid 10001 speechgan
USER speechgan
EXPOSE 8000
HEALTHCHECK CMD ["/opt/speechgan/bin/python", "-c", \
  "from urllib.request import urlopen; urlopen('http://localhost:8000/health', timeout=5)"]
ENTRYPOINT ["/opt/speechgan/bin/speechgan", "serve", "--listen", "0.0.0.0"]
