"""The words for routes, grounds, capacities and the scopes of contacts; and which way a contact is written to (domain.md §3)."""

from __future__ import annotations

from data.model.cases import Capacity, Ground, Route
from data.model.network import ContactScope

GROUND_LABELS: dict[Ground, str] = {
    Ground.PLATFORM_RULES: "it breaks a rule of the platform",
    Ground.CHILD_IMAGE_PRIVACY: "a pupil can be recognised in it",
    Ground.ADULT_IMAGE_PRIVACY: "private picture of an adult",
    Ground.PRIVATE_INFORMATION: "private information (home, telephone, health)",
    Ground.DEFAMATION_INDIVIDUAL: "grave and false statement of fact about a person",
    Ground.HARASSMENT: "harassment: linked incidents, or plainly threatening",
    Ground.HATE: "hate",
    Ground.THREAT: "threat",
    Ground.IMPERSONATION: "passes itself off as the school or a person",
    Ground.COPYRIGHT: "our own photograph, logo or text",
    Ground.GDPR_ERASURE: "erasure under data protection law",
    Ground.LEGAL_NAMING_BAN: "the law forbids naming this person",
    Ground.CSAM: "indecent image of a child (police or IWF only)",
    Ground.FALSE_COMMUNICATION: "knowingly false and meant to harm",
    Ground.MODERATOR_GOODWILL: "a polite request, no rule needed",
}
ROUTE_LABELS: dict[Route, str] = {
    Route.AUTHOR: "the author: a conversation, then a letter",
    Route.ACCOUNT_OWNER: "the owner of the account (photograph)",
    Route.PLATFORM_FORM: "the platform's own form",
    Route.FEDIVERSE_MODERATORS: "the server's moderators",
    Route.GROUP_MODERATORS: "the moderators of the group or forum",
    Route.SITE_OPERATOR: "the site's operator",
    Route.SECTION_5: "section 5 notice of the person concerned",
    Route.GDPR_ERASURE: "erasure request under data protection law",
    Route.IMPERSONATION: "the platform's impersonation form",
    Route.COPYRIGHT: "copyright notice",
    Route.COMPLAINANT: "the person concerned files it",
    Route.POSH: "Professionals Online Safety Helpline (POSH)",
    Route.RHC: "Report Harmful Content (RHC)",
    Route.HOST: "Host / ISP: the hosting provider",
    Route.CDN: "Host / ISP: the network in front of the site",
    Route.REGISTRAR: "Host / ISP: the registrar",
    Route.SEARCH_ENGINE: "the search engine: delisting",
    Route.WEB_ARCHIVE: "the web archive",
}
CAPACITY_LABELS: dict[Capacity, str] = {
    Capacity.SUBJECT: "the person concerned",
    Capacity.PARENT: "a parent or person with parental responsibility",
    Capacity.RESPONSIBLE_ADULT: "a responsible adult for a child",
    Capacity.SCHOOL_REPRESENTATIVE: "a representative of the school",
    Capacity.SOLICITOR: "a solicitor for the person concerned",
}
SCOPE_LABELS: dict[ContactScope, str] = {
    ContactScope.HOST: "Host / ISP (hosting provider)",
    ContactScope.NETWORK: "Network that holds the address",
    ContactScope.CDN: "Network in front of the site (CDN)",
    ContactScope.REGISTRAR: "Registrar of the domain",
    ContactScope.REGISTRANT: "Holder of the domain",
    ContactScope.GUESS: "A guess",
}
SCOPE_NOTES: dict[ContactScope, str] = {
    ContactScope.HOST: "Can make its customer remove it, or suspend the site. Seldom judges whether something is true.",
    ContactScope.NETWORK: "Can pass it on to the host. Seldom acts itself.",
    ContactScope.CDN: "Passes it on to site and host, and can name the host. Cannot remove what it does not host. Often by form only.",
    ContactScope.REGISTRAR: "Can suspend a domain for abuse of its terms. Does not settle disputes about content.",
    ContactScope.REGISTRANT: "Runs the site: can edit, remove, block the user.",
    ContactScope.GUESS: "Nobody confirmed this mailbox. Use it only where nothing else is known.",
}
SCOPE_ROUTES: dict[ContactScope, Route] = {
    ContactScope.HOST: Route.HOST,
    ContactScope.NETWORK: Route.HOST,
    ContactScope.CDN: Route.CDN,
    ContactScope.REGISTRAR: Route.REGISTRAR,
    ContactScope.REGISTRANT: Route.SITE_OPERATOR,
    ContactScope.GUESS: Route.HOST,
}
