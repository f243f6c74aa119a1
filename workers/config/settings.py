"""Settings of the processes: Temporal by its own conventions, everything else by `REDRESS_*`."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from temporalio.client import Client
from temporalio.envconfig import ClientConfig

from activities.parcels import kuaidi100
from activities.partners.signing import SHORTEST_SECRET, Signer
from activities.payments.alipay import GATEWAY
from workers.encryption.converter import data_converter
from workflows.policy.loading import load, packaged
from workflows.policy.rulebook import Rulebook


class SettingsInvalid(ValueError):  # noqa: N818 - named for what it says
    """A setting is missing or wrong; the text names it and says what to do."""


class Settings(BaseSettings):
    """What a worker needs to know besides Temporal."""

    model_config = SettingsConfigDict(env_prefix="REDRESS_", extra="ignore")

    database_url: str = Field(default="", description="postgresql://user:password@host:port/database")
    partners_url: str = Field(default="", description="base address of order system, payments and notices")
    payment_provider: Literal["partners", "alipay"] = Field(
        default="partners", description="who moves money: the partners' payment service, or Alipay"
    )
    alipay_app_id: str = Field(default="", description="the application at Alipay")
    alipay_app_key: Path | None = Field(default=None, description="file with the application's private key (PEM, RSA2)")
    alipay_public_key: Path | None = Field(
        default=None, description="file with Alipay's public key or certificate (PEM)"
    )
    alipay_app_cert: Path | None = Field(default=None, description="the application's certificate (certificate mode)")
    alipay_root_cert: Path | None = Field(default=None, description="Alipay's root certificates (certificate mode)")
    alipay_sellers: Path | None = Field(
        default=None, description='file with the sellers\' accounts at Alipay: {"seller id": "2088…"}'
    )
    alipay_transfer_scene: str = Field(default="", description="scene of transfers, where Alipay's agreement names one")
    alipay_gateway: str = Field(default=GATEWAY, description="address of Alipay's gateway")
    payment_secret: SecretStr | None = Field(
        default=None, min_length=SHORTEST_SECRET, description="signs each request to the payment provider"
    )
    carrier_provider: Literal["partners", "kuaidi100"] = Field(
        default="partners", description="who tells of parcels: the partners' carriers, or kuaidi100 for all of them"
    )
    kuaidi100_customer: str = Field(default="", description="our number at kuaidi100")
    kuaidi100_key: SecretStr | None = Field(default=None, description="our key at kuaidi100")
    kuaidi100_salt: SecretStr | None = Field(
        default=None, min_length=SHORTEST_SECRET, description="signs what kuaidi100 pushes; made by us"
    )
    kuaidi100_callback: str = Field(
        default="", description="where kuaidi100 reaches our gateway: https://…/v1/webhooks/carriers/kuaidi100"
    )
    kuaidi100_address: str = Field(default=kuaidi100.ADDRESS, description="address of kuaidi100")
    smtp_host: str = Field(default="", description="the mail server; without one nobody is told by e-mail")
    smtp_port: int | None = Field(default=None, ge=1, le=65535, description="587, 465 or 25 by its security")
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_from: str = Field(default="", description="the address that mail comes from")
    smtp_user: str = ""
    smtp_password: SecretStr | None = None
    smtp_ca: Path | None = Field(default=None, description="certificates that the mail server is trusted by")
    channels: Path | None = Field(default=None, description="file with robots, and channels by role (TOML)")
    time_skipping: bool = Field(default=False, description="a training stack, whose clocks are not the wall's")
    policy: Path | None = Field(default=None, description="a policy file or a directory; the packaged one if unset")
    key_ring: Path | None = Field(default=None, description="file with the keys that seal what Temporal is told")
    log_format: Literal["json", "console"] = "json"
    max_cached_workflows: int = Field(default=1000, ge=0, description="complaints kept in memory, about 0.1 MB each")
    max_workflow_tasks: int = Field(default=20, ge=1, description="workflow tasks at once; keep low on small machines")
    max_activities: int = Field(default=40, ge=1, description="activities at once")
    ready_file: Path | None = Field(default=None, description="made once the worker polls")

    @classmethod
    def given(cls) -> "Settings":
        """Read the environment; raises SettingsInvalid naming every variable that is wrong."""
        try:
            return cls()
        except ValidationError as invalid:
            faults = [
                f"REDRESS_{str(one['loc'][0]).upper()}: {one['msg']}" for one in invalid.errors(include_url=False)
            ]
            raise SettingsInvalid("; ".join(faults)) from None

    @classmethod
    def read(cls) -> "Settings":
        """Read the environment of a worker; raises SettingsInvalid naming what is wrong or missing."""
        settings = cls.given()
        missing = [name for name in ("database_url", "partners_url") if not getattr(settings, name)]
        if missing:
            names = " and ".join(f"REDRESS_{name.upper()}" for name in missing)
            raise SettingsInvalid(f"{names} must be set, or start everything with `redress up`")
        return settings

    def signer(self) -> Signer | None:
        """Return what signs requests to the payment provider, None where no secret is set."""
        return Signer(self.payment_secret.get_secret_value()) if self.payment_secret else None

    def rulebook(self) -> Rulebook:
        """Load and validate the policy; raises PolicyInvalid listing every fault."""
        return load(self.policy) if self.policy else packaged()


async def connect(key_ring: Path | None) -> Client:
    """Connect to Temporal as its environment variables or profile say, with the product's data converter.

    Raises KeyRingInvalid.
    """
    config = ClientConfig.load_client_connect_config()
    config.setdefault("target_host", "127.0.0.1:7233")
    return await Client.connect(**config, data_converter=data_converter(key_ring))
