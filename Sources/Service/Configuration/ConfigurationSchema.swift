/// The JSON Schema of the configuration file, for editors and for whoever generates one.
public enum ConfigurationSchema {
    public static let text = #"""
        {
          "$schema": "https://json-schema.org/draft/2020-12/schema",
          "title": "flawd configuration",
          "type": "object",
          "additionalProperties": false,
          "required": ["version", "regions", "subscribe", "publish"],
          "properties": {
            "version": {"const": 1, "description": "of this file's form"},
            "model": {"type": "string", "minLength": 1, "default": "nano",
              "description": "the embedded model, nano, or the path of a model file, relative to this file"},
            "adapters": {
              "type": "object",
              "description": "SPT adapter files (lora_* keys) by camera, an exact name or a prefix ending in *: those cameras are inspected by the model with the adapter; relative to this file; absent: all by the model as it is",
              "propertyNames": {"pattern": "^[^*]*\\*?$"},
              "additionalProperties": {"type": "string", "minLength": 1}
            },
            "regions": {"type": "string", "minLength": 1, "description": "path of the region file, relative to this file"},
            "subscribe": {
              "type": "object",
              "additionalProperties": false,
              "description": "where frames come from",
              "anyOf": [{"required": ["connect"]}, {"required": ["bind"]}],
              "properties": {
                "connect": {"$ref": "#/$defs/peers", "description": "cameras that have an address of their own; absent: none"},
                "bind": {"$ref": "#/$defs/addresses", "description": "addresses that cameras connect to; absent: none"},
                "insecure": {"type": "boolean", "default": false,
                  "description": "addresses of this section may meet other machines without CURVE keys: anybody there can connect, or answer"},
                "topics": {"description": "prefixes of the topics to subscribe to; absent: all",
                  "anyOf": [{"type": "string", "maxLength": 255},
                    {"type": "array", "items": {"type": "string", "maxLength": 255}}]}
              }
            },
            "publish": {
              "type": "object",
              "additionalProperties": false,
              "description": "where verdicts go",
              "anyOf": [{"required": ["connect"]}, {"required": ["bind"]}],
              "properties": {
                "connect": {"$ref": "#/$defs/peers", "description": "subscribers, or a proxy, that have an address of their own; absent: none"},
                "bind": {"$ref": "#/$defs/addresses", "description": "addresses that subscribers connect to; absent: none"},
                "catch_up": {"$ref": "#/$defs/addresses",
                  "description": "where a ROUTER socket is bound that answers {\"since\": seq} from the journal: a subscriber that was away asks for what it missed; absent: nobody is answered"},
                "insecure": {"type": "boolean", "default": false,
                  "description": "addresses of this section may meet other machines without CURVE keys: anybody there can connect, or answer"},
                "masks": {"type": "boolean", "default": false, "description": "publish <camera>/mask"},
                "overlays": {"type": "boolean", "default": false, "description": "publish <camera>/overlay/color"}
              }
            },
            "security": {
              "type": "object",
              "additionalProperties": false,
              "description": "flawd's CURVE key and the keys that may connect: every tcp:// address that is bound asks for one; absent: connections are plain, and stay within this machine unless a section says insecure: true",
              "oneOf": [{"required": ["secret_key"]}, {"required": ["credential"]}],
              "properties": {
                "secret_key": {"type": "string", "minLength": 1, "description": "flawd's key, a file of flawd keygen that nobody else can read; relative to this file; absent: credential names it"},
                "credential": {"type": "string", "minLength": 1, "pattern": "^[^/]+$", "description": "or the name of a systemd credential that holds it (LoadCredential=), curve in flawd's own units; absent: secret_key names it"},
                "allowed_keys": {"type": "string", "minLength": 1,
                  "description": "the list of public keys that may connect, kept by flawd keys and read again when it changes; relative to this file; absent: nobody may connect to an address that asks for keys"}
              }
            },
            "journal": {
              "type": "object",
              "additionalProperties": false,
              "description": "the SQLite file that every event is committed to before it is published; absent: events are not kept",
              "required": ["path"],
              "properties": {
                "path": {"type": "string", "minLength": 1, "description": "relative to this file"},
                "durability": {"enum": ["full", "normal"], "default": "full",
                  "description": "what a published event is safe from: a loss of power, or the death of the process alone"},
                "keep_days": {"type": "integer", "minimum": 0, "maximum": 36500, "default": 90, "description": "older events go; 0: none does"},
                "keep_mb": {"type": "integer", "minimum": 0, "maximum": 16777216, "default": 4096, "description": "the oldest events go when all take more MiB; 0: none does"},
                "ballast_mb": {"type": "integer", "minimum": 0, "maximum": 16384, "default": 16, "description": "MiB kept on the disk for the day that it is full"}
              }
            },
            "recording": {
              "type": "object",
              "additionalProperties": false,
              "description": "frames and their verdicts are recorded in MCAP files, which replay, replay --gate, verify and Foxglove open; absent: they are not",
              "required": ["folder"],
              "properties": {
                "folder": {"type": "string", "minLength": 1, "description": "relative to this file; made if it is not there"},
                "frames": {"enum": ["all", "failures", "sampled"], "default": "all",
                  "description": "failures: every frame that did not pass, with before and after frames of its camera around it; sampled: one of every `every` of a camera"},
                "before": {"type": "integer", "minimum": 0, "maximum": 1000, "default": 2, "description": "with failures: frames of the camera kept before one that did not pass"},
                "after": {"type": "integer", "minimum": 0, "maximum": 1000, "default": 2, "description": "with failures: frames kept after it"},
                "every": {"type": "integer", "minimum": 1, "maximum": 1000000, "default": 100, "description": "with sampled: one frame of so many of a camera is kept"},
                "compression": {"enum": ["none", "lz4", "zstd"], "default": "none", "description": "JPEG frames gain nothing by it"},
                "file_mb": {"type": "integer", "minimum": 1, "maximum": 1048576, "default": 1024, "description": "a new file begins when one has so many MiB"},
                "file_minutes": {"type": "integer", "minimum": 1, "maximum": 1440, "default": 10, "description": "or covers so many minutes"},
                "keep_days": {"type": "integer", "minimum": 0, "maximum": 36500, "default": 0, "description": "older files go; 0: none does"},
                "keep_mb": {"type": "integer", "minimum": 0, "maximum": 1073741824, "default": 65536, "description": "the oldest files go when all have more MiB; 0: none does"},
                "reserve_mb": {"type": "integer", "minimum": 0, "maximum": 1073741824, "default": 1024,
                  "description": "recording stops while the disk has fewer MiB free, so that the journal can go on"}
              }
            },
            "control": {"$ref": "#/$defs/addresses",
              "description": "where a ROUTER socket is bound that takes commands ({\"command\": \"reload\"}): flawd reload, golden and state; ipc:// alone, whose file permissions say who may; absent: it takes none"},
            "golden": {
              "type": "object",
              "additionalProperties": false,
              "required": ["cameras"],
              "description": "parts whose verdicts are known: inspected at the start, every so often, and by flawd golden; a wrong answer is a status event",
              "properties": {
                "cameras": {
                  "type": "object",
                  "description": "samples by camera: files, or folders of pictures, relative to this file",
                  "additionalProperties": {
                    "type": "object",
                    "additionalProperties": false,
                    "properties": {
                      "good": {"$ref": "#/$defs/files", "description": "must pass; absent: none"},
                      "defective": {"$ref": "#/$defs/files", "description": "must not pass: fail or review; absent: none"}
                    }
                  }
                },
                "every_minutes": {"type": "integer", "minimum": 0, "maximum": 100000, "default": 0, "description": "0: at the start and when told to only"},
                "on_failure": {"enum": ["report", "halt"], "default": "report",
                  "description": "halt: nothing passes, what would is for review, until flawd golden --acknowledge"}
              }
            },
            "http": {
              "type": "object",
              "additionalProperties": false,
              "description": "answers /metrics (Prometheus), /healthz, /readyz and /status, and serves a page to watch the line, draw regions and review verdicts; absent: nothing listens",
              "required": ["bind"],
              "properties": {
                "bind": {"type": "string", "pattern": "^(localhost|[0-9.]+|\\[[0-9A-Fa-f:.]+\\]):[0-9]+$",
                  "description": "such as 127.0.0.1:9640; port 0: any that is free, said in the log"},
                "insecure": {"type": "boolean", "default": false, "description": "allow an address that other machines reach: what is sent is not encrypted, and without tokens everybody there can look"},
                "page": {"type": "boolean", "default": true, "description": "serve the page at /; false: figures and commands alone"},
                "tokens": {"type": "string", "minLength": 1,
                  "description": "the list of tokens that changes over HTTP need, kept by flawd tokens; relative to this file; absent: changes are taken from this machine alone, from everybody on it"},
                "hosts": {"description": "names by which a proxy in front of flawd is called; absent: it is reached by its address or as localhost alone",
                  "anyOf": [{"type": "string", "minLength": 1}, {"type": "array", "items": {"type": "string", "minLength": 1}}]},
                "exports": {"type": "string", "minLength": 1, "description": "the folder that data sets of marked frames are written into; relative to this file; default: exports, beside the journal"}
              }
            },
            "mqtt": {
              "type": "object",
              "additionalProperties": false,
              "description": "every event of the journal goes to an MQTT broker, too: topics <prefix>/<line>/<camera>/verdict; needs journal",
              "required": ["broker", "line"],
              "properties": {
                "broker": {"type": "string", "pattern": "^mqtts?://.+", "description": "mqtt://host:1883, or mqtts://host:8883 for TLS"},
                "line": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[^/+#]+$", "description": "this line's level of the topics"},
                "prefix": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[^$/+#][^+#]*$", "default": "flawd", "description": "what topics begin with"},
                "username": {"type": "string", "minLength": 1, "maxLength": 1024, "description": "who flawd is to the broker; absent: it does not say"},
                "password_file": {"type": "string", "minLength": 1, "description": "its one line is the password; nobody but flawd's user may read it; relative to this file; absent: no password"},
                "ca_file": {"type": "string", "minLength": 1, "description": "certificates that the broker's is checked with; default: the system's; relative to this file"},
                "cert_file": {"type": "string", "minLength": 1, "description": "flawd's own certificate; relative to this file; absent: none is shown"},
                "key_file": {"type": "string", "minLength": 1, "description": "the key of cert_file, without a password; relative to this file; absent: no certificate of its own"},
                "client_id": {"type": "string", "minLength": 1, "maxLength": 128, "description": "no two clients of a broker may have the same; default: flawd-<line>"},
                "keepalive_s": {"type": "integer", "minimum": 5, "maximum": 3600, "default": 15,
                  "description": "a broker that is gone is noticed within twice as many seconds, and it says that flawd is gone after one and a half times as many"},
                "protocol": {"enum": ["5", "3.1.1", 5], "default": "5", "description": "3.1.1: for older brokers, which drop in silence what their access list forbids"},
                "insecure": {"type": "boolean", "default": false, "description": "true: a password and verdicts may go to another machine without TLS"}
              }
            },
            "pipeline": {
              "type": "object",
              "additionalProperties": false,
              "description": "how many frames are worked on at the same time, and how long they may wait",
              "properties": {
                "workers": {"type": "integer", "minimum": 1, "maximum": 64,
                  "description": "frames inspected at the same time; default: one for every four cores"},
                "decoders": {"type": "integer", "minimum": 1, "maximum": 64, "default": 1,
                  "description": "frames decoded at the same time; one feeds many workers"},
                "threads": {"type": "integer", "minimum": 1, "maximum": 256,
                  "description": "cores one inspection uses; default: the cores shared among the workers"},
                "queue_per_camera": {"type": "integer", "minimum": 1, "maximum": 256, "default": 8,
                  "description": "frames of one camera that wait to be decoded"},
                "policy": {"enum": ["drop_oldest", "block"], "default": "drop_oldest",
                  "description": "what happens when a camera's queue is full: its oldest frame leaves uninspected, or the receiver waits"},
                "deadline_ms": {"type": "integer", "minimum": 1, "maximum": 3600000,
                  "description": "from receipt to the end of inspection; absent: no deadline"},
                "stall_s": {"type": "integer", "minimum": 10, "maximum": 3600, "default": 120,
                  "description": "how long a thread may be at one piece of work before it counts as stuck, and systemd starts flawd anew"},
                "shutdown_ms": {"type": "integer", "minimum": 0, "maximum": 60000, "default": 3000,
                  "description": "how long a stop may go on inspecting what is queued"}
              }
            },
            "limits": {
              "type": "object",
              "additionalProperties": false,
              "description": "the largest things that are accepted from outside",
              "properties": {
                "max_width": {"type": "integer", "minimum": 1, "maximum": 65500, "default": 16384, "description": "of a picture, in pixels; wider ones are not decoded"},
                "max_height": {"type": "integer", "minimum": 1, "maximum": 65500, "default": 16384, "description": "of a picture, in pixels"},
                "max_pixels": {"type": "integer", "minimum": 1, "maximum": 1000000000, "default": 50000000, "description": "of a picture: width times height"},
                "max_message_mb": {"type": "integer", "minimum": 1, "maximum": 2047, "default": 64, "description": "MiB of a message; a peer that sends more is disconnected"},
                "max_cameras": {"type": "integer", "minimum": 1, "maximum": 4096, "default": 64,
                  "description": "cameras that are told apart; messages of further ones are rejected"},
                "max_frames_per_s": {"type": "integer", "minimum": 1, "maximum": 1000000, "default": 10000,
                  "description": "messages that are received in a second from all cameras together; what comes faster is not received, and missing in its camera's count"},
                "max_catch_up_per_s": {"type": "integer", "minimum": 1, "maximum": 10000, "default": 100,
                  "description": "requests of one subscriber that catch_up answers in a second; further ones wait"}
              }
            },
            "log": {
              "type": "object",
              "additionalProperties": false,
              "description": "what flawd says on standard error",
              "properties": {
                "level": {"enum": ["trace", "debug", "info", "notice", "warning", "error", "critical"], "default": "info",
                  "description": "the least important messages that are said"}
              }
            }
          },
          "$defs": {
            "address": {"type": "string", "description": "tcp://HOST:PORT or ipc://PATH", "pattern": "^(tcp://.+:[0-9]+|ipc://.+)$"},
            "files": {"anyOf": [{"type": "string", "minLength": 1}, {"type": "array", "items": {"type": "string", "minLength": 1}}]},
            "peers": {"anyOf": [{"$ref": "#/$defs/peer"}, {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/peer"}}]},
            "peer": {"anyOf": [{"$ref": "#/$defs/address"}, {
              "type": "object", "additionalProperties": false, "required": ["address"],
              "properties": {
                "address": {"$ref": "#/$defs/address"},
                "server_key": {"type": "string", "minLength": 40, "maxLength": 40, "description": "the public key of who must answer there, in Z85: the connection is then a CURVE one"}
              }}]},
            "addresses": {"anyOf": [{"$ref": "#/$defs/address"},
              {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/address"}}]}
          }
        }
        """#
}
