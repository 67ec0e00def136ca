import CMosquitto
import Foundation

/// What is wrong between flawd and a broker, in words: names the broker, what went wrong and what would be right.
public struct MQTTError: Error, CustomStringConvertible, Sendable, Equatable {
    public let description: String

    init(_ description: String) { self.description = description }

    init(_ broker: MQTTBroker, _ problem: String) { description = "\(broker): \(problem)" }

    /// A call of libmosquitto that failed.
    ///
    /// - Parameters:
    ///   - number: errno as the call left it.
    ///   - details: what the library logged meanwhile.
    init(_ broker: MQTTBroker, code: Int32, errno number: Int32, details: [String]) {
        let more = details.isEmpty ? "" : " (\(details.joined(separator: "; ")))"
        let problem = switch mosq_err_t(rawValue: code) {
        // EPROTO is the library's word for TLS that ended without a farewell.
        case MOSQ_ERR_ERRNO where [EPROTO, EPIPE, ECONNRESET].contains(number): "the connection was closed from there\(more)"
        case MOSQ_ERR_ERRNO: "\(String(cString: strerror(number)))\(more)"
        case MOSQ_ERR_EAI, MOSQ_ERR_LOOKUP: "the host's name is not known\(more)"
        case MOSQ_ERR_CONN_LOST: "the connection was closed from there\(more)"
        case MOSQ_ERR_KEEPALIVE: "no sign of life from there\(more)"
        case MOSQ_ERR_TLS where more.contains("certificate verify failed"):
            "TLS does not come about\(more); the broker's certificate must be signed by ca_file's authority and name the host that `broker` names"
        case MOSQ_ERR_TLS, MOSQ_ERR_TLS_HANDSHAKE: "TLS does not come about\(more)"
        case MOSQ_ERR_INVAL: "a certificate or key cannot be used\(more)"
        default: "\(String(cString: mosquitto_strerror(code)))\(more)"
        }
        self.init(broker, problem)
    }

    /// A connection that the broker refused or ended, with its reason.
    init(_ broker: MQTTBroker, refusal code: Int32, version: MQTTSettings.Version) {
        let words = version == .five ? Self.words(of: code) : mosquitto_connack_string(code).map { String(cString: $0) } ?? "reason \(code)"
        let advice = switch (version, code) {
        case (_, 0x84), (.three, 1): "; the broker speaks another version of MQTT: set mqtt.protocol to \(version == .five ? "3.1.1" : "5")"
        case (_, 0x85), (.three, 2): "; set mqtt.client_id to a name that it takes"
        case (_, 0x86), (_, 0x87), (.three, 4), (.three, 5): "; look at mqtt.username and mqtt.password_file, and at the broker's list of users"
        case (_, 0x8E): "; another client calls itself by this mqtt.client_id"
        default: ""
        }
        self.init(broker, "the broker says: \(words)\(advice)")
    }

    /// A message that the broker did not take.
    init(_ broker: MQTTBroker, refusing topic: String, _ reason: Int32, _ topics: MQTTTopics) {
        self.init(broker, "the broker does not take \(topic): \(Self.words(of: reason)); flawd's user must be allowed to write to \(topics.prefix)/\(topics.line)/#")
    }

    /// Whether a reason lies in the message itself, so that the same message would be refused again.
    static func isOfMessage(_ reason: Int32) -> Bool {
        [MQTT_RC_TOPIC_NAME_INVALID, MQTT_RC_PACKET_TOO_LARGE, MQTT_RC_PAYLOAD_FORMAT_INVALID].contains { Int32($0.rawValue) == reason }
    }

    static func words(of reason: Int32) -> String { mosquitto_reason_string(reason).map { String(cString: $0) } ?? "reason \(reason)" }
}
