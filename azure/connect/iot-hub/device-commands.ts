import { EXAMPLE_EVENT } from '../../../shared/synth/send-command';

/** The device of the example event. */
const DEVICE = 'press-7';

/** A command that registers a device whose certificate an authority of the hub signed. The common name of the certificate is the device id. */
export function registerCommand(hub: string): string {
  return `az iot hub device-identity create --auth-type login --hub-name ${hub} --device-id ${DEVICE} --auth-method x509_ca`;
}

/**
 * A command that sends one event over MQTT. The answer is a PUBACK, once the hub has stored the event.
 * @see https://learn.microsoft.com/azure/iot/iot-mqtt-connect-to-iot-hub
 */
export function sendByMqtt(host: string): string {
  return [
    `mosquitto_pub -d -V mqttv311 -q 1 -h ${host} -p 8883 --tls-use-os-certs --cert ${DEVICE}.pem --key ${DEVICE}.key`,
    `-i ${DEVICE} -u '${host}/${DEVICE}/?api-version=2021-04-12'`,
    `-t 'devices/${DEVICE}/messages/events/$.ct=application%2Fjson&$.ce=utf-8'`,
    `-m '${EXAMPLE_EVENT}'`,
  ].join(' ');
}
