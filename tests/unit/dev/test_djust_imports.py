"""The fake of DJUST takes what its data hub takes, refuses what it refuses, with its codes; our packs' rows pass it."""

from __future__ import annotations

import pytest

from datahub.dev.djust_imports import ENTITIES, Platform


@pytest.fixture
def platform():
    one = Platform()
    assert [] == one.take("ATTRIBUTE", [{"attributeExternalId": "color", "attributeNames": "Colour", "attributeType": "TEXT"}])
    category = {"classificationExternalId": "saws", "classificationName": "Saws", "attrCode": "color", "attrRequired": True}
    assert [] == one.take("CLASSIFICATION_CATEGORY", [category])
    account = {"accountExternalId": "A1", "accountName": "A", "companyRegistrationName": "A", "businessRegistrationNumber": "1"}
    assert [] == one.take("ACCOUNT", [account])
    assert [] == one.take("SUPPLIER", [{"externalId": "S1", "name": "S"}])
    assert [] == one.take("PRODUCTS_VARIANTS", [PRODUCT])
    order = {
        "orderExternalId": "O1",
        "orderLineExternalId": "1",
        "accountExternalId": "A1",
        "supplierExternalId": "S1",
        "orderLineQuantity": 1,
    }
    assert [] == one.take("ORDER", [order | {"netUnitPrice": "1.5", "variantExternalId": "V1"}])
    assert [] == one.take("ORDER_STATUS", [{"orderExternalId": "O1", "orderStatus": "SHIPPED"}])
    return one


PRODUCT = {
    "productExternalId": "P1",
    "productNames": "Saw",
    "productClassificationCategoryId": "saws",
    "variantExternalId": "V1",
    "variantNames": "Saw",
    "attribute-color": "red",
}
USER = {
    "customerUserExternalId": "U1",
    "customerUserCivility": "MR",
    "customerUserFirstName": "A",
    "customerUserLastName": "B",
    "customerUserEmail": "a@b.fr",
    "customerUserPhone": "0102030405",
    "customerUserGroups": ["FOC_Admin", "FOC_User"],
    "customerUserAccountIds": "A1",
}
OFFER = {"stockExternalId": "K1", "stockVariantId": "V1", "supplierExternalId": "S1", "stockNumber": 3}


@pytest.mark.parametrize(
    "entity, row, code",
    [
        ("ATTRIBUTE", {"attributeExternalId": "w", "attributeNames": "W", "attributeType": "METRIC"}, "F-E-001"),
        ("ATTRIBUTE", {"attributeExternalId": "w", "attributeNames": "W", "attributeType": "COLOUR"}, "F-E-008"),
        ("ATTRIBUTE", {"attributeExternalId": "w w", "attributeNames": "W", "attributeType": "TEXT"}, "F-E-012"),
        ("ATTRIBUTE", {"attributeExternalId": "w", "attributeNames": "W", "attributeType": "TEXT", "attributeMulti": "TRUE"}, "F-E-008"),
        ("CLASSIFICATION_CATEGORY", {"classificationExternalId": "c", "classificationName": "C", "attrCode": "nope"}, "F-E-002"),
        ("CLASSIFICATION_CATEGORY", {"classificationExternalId": "c", "classificationName": "C", "attrEnabled": "yes"}, "F-E-009"),
        ("NAVIGATION_CATEGORY", {"navigationCategoryExternalId": "n"}, "F-E-001"),
        ("PRODUCTS_VARIANTS", {"productExternalId": "P2", "variantExternalId": "V2", "variantNames": "x"}, "F-E-001"),
        ("PRODUCTS_VARIANTS", PRODUCT | {"variantExternalId": "V2", "attribute-color": ""}, "F-E-011"),
        ("PRODUCTS_VARIANTS", PRODUCT | {"variantMainImageUrl": "ftp://x"}, "F-E-012"),
        ("ASSORTMENT", {"assortmentExternalId": "a", "variantExternalId": "nope"}, "F-E-002"),
        ("SUPPLIER", {"externalId": "S2"}, "F-E-001"),
        ("SUPPLIER", {"externalId": "S2", "name": "S", "accountExternalIds": ["A1", "A9"]}, "F-E-002"),
        ("ACCOUNT", {"accountExternalId": "A2"}, "F-E-001"),
        ("ACCOUNT", {"accountExternalId": "A1", "addressPhoneNumber": "0" * 16}, "F-E-010"),
        ("CUSTOMER_USER", USER | {"customerUserCivility": "DR"}, "F-E-008"),
        ("CUSTOMER_USER", USER | {"customerUserOrganisationIds": "O1||O2", "customerUserMainOrganisationId": "O3"}, "F-E-002"),
        ("CUSTOMER_USER", USER | {"customerUserPassword": "short"}, "F-E-012"),
        ("CUSTOMER_USER", USER | {"customerUserEmail": "nobody"}, "F-E-012"),
        ("OFFER", OFFER | {"stockVariantId": "nope"}, "F-E-002"),
        ("OFFER", OFFER | {"stockNumber": "-1"}, "F-E-006"),
        ("OFFER", OFFER | {"stockNumber": "many"}, "F-E-012"),
        ("OFFER", OFFER | {"priceRanges": "5|9.90,10|8.90"}, "F-E-013"),
        ("ORDER", {"orderExternalId": "O2", "orderLineExternalId": "1", "accountExternalId": "A1", "supplierExternalId": "S1", "orderLineQuantity": 1}, "F-E-001"),
        ("ORDER_STATUS", {"orderExternalId": "O1", "orderStatus": "ORDER_CREATED"}, "F-E-008"),
        ("ORDER_STATUS", {"orderExternalId": "O9", "orderStatus": "SHIPPED"}, "F-E-002"),
        ("INCIDENT", {"incidentId": "I1", "linkedType": "ORDER", "orderReference": "O1", "status": "NEW"}, "F-E-008"),
    ],
)  # fmt: skip
def test_what_the_data_hub_refuses_is_refused_with_its_code(platform, entity, row, code):
    before = {name: dict(kept) for name, kept in platform.there.items()}
    ((place, found, message),) = platform.take(entity, [row])
    assert (0, code) == (place, found)
    assert message
    if entity != "NAVIGATION_CATEGORY":
        assert before.get(entity, {}) == platform.there[entity]


@pytest.mark.parametrize(
    "entity, row",
    [
        ("CUSTOMER_USER", USER),
        ("OFFER", OFFER | {"priceRanges": "1|10,10|9"}),
        ("PRODUCTS_VARIANTS", {"productExternalId": "P1", "variantExternalId": "V2", "variantNames": "x"}),
        ("INCIDENT", {"incidentId": "I1", "linkedType": "ORDER", "orderReference": "O1", "status": "OPEN"}),
        ("ORDER_STATUS", {"orderExternalId": "O1", "orderStatus": "DELIVERED"}),
        ("PRODUCT_TAG", {"productExternalId": "P1", "productTags": ["new"]}),
        ("ASSORTMENT", {"assortmentExternalId": "a", "productExternalId": "P1"}),
    ],
)
def test_what_it_takes_is_taken_and_changed_by_its_key(platform, entity, row):
    assert [] == platform.take(entity, [row])
    assert [] == platform.take(entity, [row])


def test_flags_take_away_and_navigation_is_overwritten(platform):
    assert [] == platform.take("SUPPLIER", [{"externalId": "S1", "deleted": "true"}])
    assert {} == platform.there["SUPPLIER"]
    node = {"navigationCategoryNames": "N", "navigationCategoryParentId": "Root_default", "classificationCategoryCodes": "saws"}
    platform.take("NAVIGATION_CATEGORY", [node | {"navigationCategoryExternalId": "a"}, node | {"navigationCategoryExternalId": "b"}])
    platform.take("NAVIGATION_CATEGORY", [node | {"navigationCategoryExternalId": "b"}])
    assert [("b",)] == list(platform.there["NAVIGATION_CATEGORY"])


def test_there_is_every_entity():
    assert 13 == len(ENTITIES)
