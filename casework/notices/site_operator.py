"""To the operator of a forum, blog, wiki or other site (policy A18, A21).

The E-Commerce (EC Directive) Regulations 2002, reg. 22, name what a notice must give to fix a host with knowledge: the sender's name and
address, the location of the information, and the nature of its unlawfulness (domain.md §3.3). All three are required here.
"""

from __future__ import annotations

from casework.notice import BASE, Template, nature
from data.model.cases import Route

NOTICE = Template(
    key="site_operator",
    label="Letter to the site's operator",
    route=Route.SITE_OPERATOR,
    subject="Request about material on your site",
    opening="We are writing from {school} about material on your site. You may not be aware of it.",
    says=(nature,),
    closing="This letter gives the sender's name and address, the location of the material and the nature of the concern, so that you can "
    "look into it yourself. We would rather settle this with you directly.\n\nYours faithfully",
    required=(*BASE, "unlawful_nature"),
)
