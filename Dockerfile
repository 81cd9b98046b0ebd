# Not yet run anywhere. Builds an image that holds the command `funis` and nothing else of the project:
#   docker build -t funis .
#   docker run --rm --network none -v "$PWD/my-trial:/study" funis report /study
FROM python:3.11-slim AS build
WORKDIR /project
COPY requirements/uv.txt requirements/core.txt requirements/
RUN python -m venv /opt/funis \
 && python -m pip install --no-cache-dir --require-hashes -r requirements/uv.txt \
 && uv pip install --python /opt/funis/bin/python --require-hashes -r requirements/core.txt
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY src src
RUN uv pip install --python /opt/funis/bin/python --no-deps --no-build-isolation .

FROM python:3.11-slim
COPY --from=build /opt/funis /opt/funis
RUN useradd --create-home funis
USER funis
ENTRYPOINT ["/opt/funis/bin/funis"]
