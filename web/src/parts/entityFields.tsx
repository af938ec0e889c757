/** What is known of an alert or an entity, for people: the fields' display names, and times in the person's format. */
import type { Fact } from "./Facts";
import { TimeText } from "./time";

/** Names that are more than their words; by their lower-case form, since entities of alerts have them in other cases. */
const titles: Record<string, string> = {
  aadtenantid: "Entra tenant ID",
  aaduserid: "Entra user ID",
  alertdisplayname: "Alert name",
  alerttype: "Analytics rule",
  appid: "App ID",
  azureid: "Azure ID",
  cloudappinstancename: "Instance",
  commandline: "Command line",
  dnsdomain: "DNS domain",
  dnsserverip: "DNS server",
  endtimeutc: "Last activity",
  fullname: "Full name",
  hostname: "Host name",
  iotsecurityagentid: "IoT security agent ID",
  isazurejoined: "Azure joined",
  isdomainjoined: "Domain joined",
  macaddress: "MAC address",
  netbiosname: "NetBIOS name",
  ntdomain: "NT domain",
  objectguid: "Object GUID",
  omsagentid: "Agent ID",
  osfamily: "OS family",
  osversion: "OS version",
  processid: "Process ID",
  processingendtime: "Processed",
  providername: "Detection source",
  puid: "PUID",
  resourceid: "Resource ID",
  sid: "SID",
  starttimeutc: "First activity",
  systemalertid: "Alert ID",
  timegenerated: "Time generated",
  uncpath: "UNC path",
  upnsuffix: "UPN suffix",
  url: "URL",
  userprincipalname: "User principal name",
  vendorname: "Vendor",
};

/** Said elsewhere on the page, or of no use to people. */
const left = new Set(["friendlyname", "type", "$id", "$ref"]);

/** "Credential access" of CredentialAccess. */
const wordy = new Set(["tactics", "intent"]);

const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

/** "Alert rule name" of alertRuleName. */
export function fieldTitle(name: string): string {
  const known = titles[name.toLowerCase()];
  if (known !== undefined) return known;
  const words = name.replace(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A value in one line; "" when there is none. */
export function fieldText(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "boolean") return value ? "Yes" : "No";
  if (Array.isArray(value)) return value.map(fieldText).join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** The fields that have a value. Empty lists and objects are none. */
export function fieldFacts(properties: object): Fact[] {
  return Object.entries(properties).flatMap(([name, value]): Fact[] => {
    const raw = fieldText(value);
    const text = wordy.has(name.toLowerCase())
      ? raw.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
      : raw;
    if (left.has(name.toLowerCase()) || text === "" || text === "{}") return [];
    const shown = MOMENT.test(text) ? <TimeText key={name} value={text} /> : text;
    return [[fieldTitle(name), shown]];
  });
}
